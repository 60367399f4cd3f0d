"""The age format against the real `age`, pyrage and typage, in both directions."""

import contextlib
import io
import itertools
import json
import os
import subprocess
from pathlib import Path

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.recordings import age
from portal.recordings.age import Kind
from portal.settings import ROOT

SIZES = [0, 1, 65535, 65536, 65537, 131071, 131072, 131073, 16 * 65536, 16 * 65536 + 1, 17 * 65536, 3_000_000]
NAMES = [f"{size} bytes" for size in SIZES]
TYPAGE = ROOT / "node_modules" / "age-encryption" / "dist" / "index.js"
WEB_CRYPTO = "--experimental-global-webcrypto"  # Debian 12's Node.js 18 has it only so, later versions always
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
    subprocess.run(["node", WEB_CRYPTO, script, what, key, folder / "from", folder / "to"], check=True, timeout=60)
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


@pytest.mark.parametrize("kind", list(Kind))
def test_keys_are_written_as_age_writes_them(kind, tmp_path):
    identity = age.new_identity(kind)
    assert age.parse_identity(identity.encode()) == identity
    assert age.parse_recipient(f" {identity.recipient}\n") == identity.recipient
    assert identity.secret.hex() not in repr(identity)
    assert str(identity.secret) not in repr(identity)
    if kind is Kind.X25519:
        theirs = subprocess.run(["age-keygen"], capture_output=True, check=True, text=True, timeout=60)
        (found,) = age.read_identities(theirs.stdout)
        assert str(found.recipient) in theirs.stdout


def test_new_keys_resist_quantum_computers():
    assert age.new_identity().kind is age.DEFAULT_KIND is Kind.HYBRID


GOOD = str(age.new_identity(Kind.X25519).recipient)
WRONG_KEYS = {
    "mistyped": GOOD[:10] + ("q" if GOOD[10] != "q" else "p") + GOOD[11:],
    "cut off": GOOD[:-1],
    "mixed letters": GOOD[:-1] + GOOD[-1].upper() if GOOD[-1].isalpha() else GOOD[:4].upper() + GOOD[4:],
    "capitals": GOOD.upper(),
    "no key": "hello",
    "empty": "",
    "an SSH key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ",
    "a plug-in's": "age1yubikey1qwerty",
    "not ASCII": GOOD[:-1] + "ä",
    "a secret key": age.new_identity(Kind.X25519).encode(),
}


@pytest.mark.parametrize("what", WRONG_KEYS)
def test_it_rejects_what_is_no_public_key(what):
    with pytest.raises(age.KeyMalformed) as told:
        age.parse_recipient(WRONG_KEYS[what])
    assert WRONG_KEYS["a secret key"] not in str(told.value)


@given(st.text(max_size=120))
def test_no_text_makes_the_key_parsers_stumble(text):
    for parse in (age.parse_recipient, age.parse_identity):
        with contextlib.suppress(age.KeyMalformed):
            parse(text)


@given(st.binary(max_size=400))
def test_no_bytes_make_the_header_parser_stumble(content):
    for start in (b"", b"age-encryption.org/v1\n", b"age-encryption.org/v1\n-> X25519 "):
        with contextlib.suppress(age.AgeError):
            age.Header.read(io.BytesIO(start + content).readline)


def test_it_rejects_recipients_that_cannot_share_a_file(keys):
    one, hybrid = keys[0].recipient, age.new_identity(Kind.HYBRID).recipient
    for recipients, told in (([], "nobody"), ([one, one], "twice"), ([one, hybrid], "two kinds")):
        with pytest.raises(age.RecipientsRefused, match=told):
            encrypted(b"", *recipients)


def test_an_endless_header_is_refused_in_constant_memory():
    endless = itertools.chain([b"age-encryption.org/v1\n"], itertools.repeat(b"-> stanza\n"))
    with pytest.raises(age.HeaderDamaged):
        age.Header.read(lambda most: next(endless)[:most])
    with pytest.raises(age.HeaderDamaged):
        age.Header.read(io.BytesIO(b"age-encryption.org/v1\n-> " + b"x" * 3_000_000).readline)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_header_is_written_anew_for_others(kind):
    content, old, new = os.urandom(100_000), age.new_identity(kind), age.new_identity(kind)
    whole = encrypted(content, old.recipient)
    header = age.Header.read(io.BytesIO(whole).readline).raw
    again = age.rewrap(header, [old], [new.recipient]) + whole[len(header) :]
    assert decrypted(again, new) == content
    with pytest.raises(age.WrongKey):
        decrypted(again, old)
    with pytest.raises(age.WrongKey):
        age.rewrap(header, [new], [new.recipient])
    with pytest.raises(age.AgeError):
        age.rewrap(header + b"more", [old], [new.recipient])


def test_reading_anywhere_fetches_only_what_it_needs(keys):
    content = os.urandom(40 * 65536 + 5)
    whole, fetched = encrypted(content, keys[0].recipient), []

    def read_at(start, length):
        fetched.append(length)
        return whole[start : start + length]

    reader = age.Reader(read_at, len(whole), [keys[0]])
    assert reader.size == len(content)
    fetched.clear()
    assert reader.read(20 * 65536 - 10, 20) == content[20 * 65536 - 10 : 20 * 65536 + 10]
    assert sum(fetched) == 2 * 65552
    assert reader.read(len(content) - 3, 100) == content[-3:]
    assert reader.read(len(content), 5) == reader.read(-1, 5) == b""
