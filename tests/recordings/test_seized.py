"""Somebody takes the whole machine: disk, database, keys. Nothing on it opens a recording, a key or a note."""

import base64
import io
import json
import re
from itertools import product

import pytest

from portal.db.engine import Database
from portal.recordings import age
from portal.recordings.keys.service import KeyService
from portal.recordings.playback.service import Notes
from tests.recordings.made import MINE, RECOVERY, keyed, recorded, team

PLANTED = b"planted words of a mother"


def secrets_on(folder):
    """Every string of 32 bytes or more that stands on the disk as base64, hex or bech32, and every key file's bytes."""
    found = set()
    for path in folder.rglob("*"):
        if not path.is_file() or path.suffix == ".age":
            continue
        data = path.read_bytes()
        for run in re.findall(rb"[A-Za-z0-9+/_=-]{40,90}", data):
            for decode in (
                base64.b64decode,
                base64.urlsafe_b64decode,
                lambda text: bytes.fromhex(text.rstrip(b"=").decode()),
            ):
                try:
                    raw = decode(run + b"=" * (-len(run) % 4))
                except ValueError:
                    continue
                found.update(raw[at : at + 32] for at in (0, max(0, len(raw) - 32)) if len(raw) >= 32)
        if "keys" in path.parts and len(data) >= 32:
            found.add(data[:32])
    return found


@pytest.fixture
def seized(world):
    hers, lead = team(world)
    keyed(world, hers, lead)
    recording = recorded(world)
    sealed = io.BytesIO()
    age.encrypt(io.BytesIO(PLANTED), sealed, [MINE.recipient, RECOVERY.recipient])
    world.get(Notes).add(recording.id, base64.b64encode(sealed.getvalue()).decode(), staff_id=hers)
    world.hers, world.recording = hers, recording
    world.get(Database).dispose()
    return world


def test_no_identity_and_no_planted_word_stands_anywhere(seized):
    secret = [one.secret for one in (MINE, RECOVERY)]
    needles = [PLANTED, *secret, *(one.hex().encode() for one in secret), *(base64.b64encode(one) for one in secret)]
    needles += [one.encode().encode() for one in (MINE, RECOVERY)]
    for path in seized.settings.instance.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [one for one in needles if one in data], path


def header_kind(header):
    """The kind of key that a header is for: only such an identity could open it."""
    return age.Kind(header.stanzas[0].kind)


def test_no_key_of_the_server_opens_anything(seized):
    instance = seized.settings.instance
    candidates = secrets_on(instance)
    data_keys = json.loads((instance / "keys" / "data.json").read_text())
    assert base64.b64decode(data_keys["keys"]["1"]) in candidates, "the search finds what is there"
    notes = [base64.b64decode(one.sealed) for one in seized.get(Notes).of(seized.recording.id)]
    files = [path.read_bytes()[:8192] for path in (instance / "vault").rglob("*.age")]
    wraps = [base64.b64decode(one.blob) for one in seized.get(KeyService).wraps(seized.hers)]
    headers = [age.header_at(lambda start, length, data=data: data[start : start + length]) for data in files + notes]
    assert (len(files), len(notes), len(wraps)) == (2, 1, 1)
    for header, secret in product(headers, candidates):
        with pytest.raises(age.WrongKey):
            header.unwrap([age.Identity(kind, secret) for kind in age.Kind if kind is header_kind(header)])
    assert all(b"-> scrypt " in one and PLANTED not in one for one in wraps)


def test_with_the_identity_it_opens_so_the_search_would_have_seen_it(seized):
    path = next((seized.settings.instance / "vault").rglob("p1-1.webm.age"))
    for identity in (MINE, RECOVERY):
        header = age.header_at(lambda start, length: path.read_bytes()[start : start + length])
        assert len(header.unwrap([identity])) == 16
