"""Headers written by the browser's code, read by ours."""

import json
import subprocess

import pytest

from portal.recordings import age
from portal.settings import ROOT

SCRIPT = """
import { wrapHeader } from "./static/js/recordings/requests/header.mjs";
const { key, recipients } = JSON.parse(process.argv[1]);
process.stdout.write(await wrapHeader(Uint8Array.from(key), recipients));
"""


@pytest.mark.parametrize("kind", list(age.Kind))
def test_every_key_opens_it_and_no_other(kind):
    identities = [age.new_identity(kind) for _ in range(3)]
    file_key = bytes(range(16))
    told = json.dumps({"key": list(file_key), "recipients": [str(one.recipient) for one in identities]})
    made = subprocess.run(
        ["node", "--input-type=module", "-e", SCRIPT, told], cwd=ROOT, capture_output=True, check=True
    ).stdout
    header = age.header_at(lambda start, length: made[start : start + length])
    assert header.raw == made
    assert [header.unwrap([one]) for one in identities] == [file_key] * 3
    with pytest.raises(age.WrongKey):
        header.unwrap([age.new_identity(kind)])
