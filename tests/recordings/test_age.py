"""The age format against the real `age`, pyrage and typage, in both directions."""

import io
import json
import os
import subprocess
from pathlib import Path

import pyrage
import pytest

from portal.recordings import age
from portal.recordings.age import Kind
from portal.settings import ROOT

SIZES = [0, 1, 65535, 65536, 65537, 131071, 131072, 131073, 16 * 65536, 16 * 65536 + 1, 17 * 65536, 3_000_000]
NAMES = [f"{size} bytes" for size in SIZES]
TYPAGE = ROOT / "node_modules" / "age-encryption" / "dist" / "index.js"
NODE = f"""
import * as age from {json.dumps(str(TYPAGE))};
import {{readFileSync, writeFileSync}} from 'node:fs';
const [what, key, from, to] = process.argv.slice(2);
const data = new Uint8Array(readFileSync(from));
if (what === 'decrypt') {{
  const one = new age.Decrypter(); one.addIdentity(key); writeFileSync(to, await one.decrypt(data));
}} else {{
  const one = new age.Encrypter(); key.split(',').forEach(k => one.addRecipient(k)); writeFileSync(to, await one.encrypt(data));
}}
"""  # noqa: E501


def encrypted(content: bytes, *recipients: age.Recipient) -> bytes:
    out = io.BytesIO()
    assert age.encrypt(io.BytesIO(content), out, recipients) == len(content)
    return out.getvalue()


def decrypted(content: bytes, *identities: age.Identity) -> bytes:
    out = io.BytesIO()
    age.decrypt(io.BytesIO(content), out, identities)
    return out.getvalue()


def typage(folder: Path, what: str, key: str, content: bytes) -> bytes:
    script = folder / "typage.mjs"
    script.write_text(NODE, encoding="utf-8")
    (folder / "from").write_bytes(content)
    subprocess.run(["node", script, what, key, folder / "from", folder / "to"], check=True, timeout=60)
    return (folder / "to").read_bytes()


def real_age(*arguments: str, content: bytes) -> bytes:
    return subprocess.run(["age", *arguments], input=content, capture_output=True, check=True, timeout=60).stdout


@pytest.fixture
def keys() -> tuple[age.Identity, age.Identity]:
    return age.new_identity(Kind.X25519), age.new_identity(Kind.X25519)


@pytest.fixture
def key_file(tmp_path, keys):
    path = tmp_path / "key.txt"
    path.write_text(f"# the second recipient\n{keys[1].encode()}\n", encoding="ascii")
    return path


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_age_reads_what_we_write_and_we_what_it_writes(size, keys, key_file):
    content = os.urandom(size)
    recipients = [one.recipient for one in keys]
    assert real_age("-d", "-i", str(key_file), content=encrypted(content, *recipients)) == content
    written = real_age("-r", str(recipients[0]), "-r", str(recipients[1]), content=content)
    assert decrypted(written, keys[1]) == content


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_pyrage_reads_what_we_write_and_we_what_it_writes(size, keys):
    content = os.urandom(size)
    theirs = pyrage.x25519.Identity.from_str(keys[1].encode())
    assert str(theirs.to_public()) == str(keys[1].recipient)
    assert pyrage.decrypt(encrypted(content, *(one.recipient for one in keys)), [theirs]) == content
    assert decrypted(pyrage.encrypt(content, [theirs.to_public()]), keys[1]) == content


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("size", [0, 65536, 65537, 200_000])
def test_typage_reads_what_we_write_and_we_what_it_writes(size, kind, tmp_path):
    content, (one, two) = os.urandom(size), (age.new_identity(kind), age.new_identity(kind))
    assert typage(tmp_path, "decrypt", two.encode(), encrypted(content, one.recipient, two.recipient)) == content
    assert decrypted(typage(tmp_path, "encrypt", f"{one.recipient},{two.recipient}", content), two) == content
