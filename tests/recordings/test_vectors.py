"""C2SP's vectors, judged by us and, beside us, by the real `age`; and the same cases for hybrid keys."""

import base64
import io
import subprocess

import pytest

from portal.recordings import age
from portal.recordings.age import Kind
from portal.recordings.age.header import wrap
from portal.recordings.age.stanza import Stanza, to_base64
from tests.recordings import c2sp

VERDICTS = {
    age.WrongKey: c2sp.NO_MATCH, age.HeaderForged: c2sp.HMAC_FAILURE, age.HeaderDamaged: c2sp.HEADER,
    age.NotAgeFile: c2sp.HEADER, age.PayloadDamaged: c2sp.PAYLOAD,
}  # fmt: skip


def judged(content, identity):
    out = io.BytesIO()
    try:
        age.decrypt(io.BytesIO(content), out, [age.parse_identity(identity)])
    except age.AgeError as error:
        return VERDICTS[type(error)], out.getvalue()
    return c2sp.SUCCESS, out.getvalue()


@pytest.mark.parametrize("vector", c2sp.VECTORS, ids=lambda one: one.name)
def test_it_is_judged_as_published(vector):
    assert judged(vector.content, vector.identity) == (vector.expect, vector.released)


@pytest.mark.parametrize("vector", c2sp.VECTORS, ids=lambda one: one.name)
def test_the_real_age_agrees(vector, tmp_path):
    key = tmp_path / "key"
    key.write_text(vector.identity, encoding="ascii")
    result = subprocess.run(
        ["age", "-d", "-i", key], input=vector.content, capture_output=True, check=False, timeout=60
    )
    assert (result.returncode == 0) == (vector.expect == c2sp.SUCCESS), result.stderr
    if vector.expect == c2sp.SUCCESS:
        assert result.stdout == vector.released


@pytest.mark.parametrize("vector", [one for one in c2sp.VECTORS if one.mac], ids=lambda one: one.name)
def test_the_rebuilt_header_is_the_published_one(vector):
    assert f"\n--- {vector.mac}\n".encode() in vector.content


@pytest.mark.parametrize("vector", c2sp.STREAMS, ids=lambda one: one.name)
def test_reading_anywhere_finds_the_same_faults(vector):
    content = vector.content
    try:
        reader = age.Reader(lambda at, n: content[at : at + n], len(content), [age.parse_identity(vector.identity)])
        got = reader.read(0, reader.size)
    except age.AgeError:
        assert vector.expect != c2sp.SUCCESS
    else:
        assert (vector.expect, got) == (c2sp.SUCCESS, vector.released)


@pytest.mark.parametrize("vector", c2sp.STREAMS, ids=lambda one: one.name)
def test_rescue_never_gives_out_what_is_not_authentic(vector):
    content, out = vector.content, io.BytesIO()
    try:
        holes = age.rescue(lambda at, n: content[at : at + n], len(content), [age.parse_identity(vector.identity)], out)
    except age.HeaderDamaged:
        assert vector.expect == c2sp.HEADER
        return
    assert (holes == []) == (vector.expect == c2sp.SUCCESS)
    assert out.getvalue().startswith(vector.released)


HYBRID = age.new_identity(Kind.HYBRID)


def hybrid(change):
    """A file to a hybrid key, its stanza changed and the header's code made anew."""
    header = wrap(c2sp.FILE_KEY, [HYBRID.recipient])
    lines = header.split(b"\n")
    stanza = Stanza(tuple(lines[1][3:].decode().split(" ")), base64.b64decode(lines[2] + b"="))
    text = [c2sp.VERSION, *change(stanza).encode().decode().split("\n")[:-1]]
    whole = "".join(f"{line}\n" for line in (*text, f"--- {c2sp.code(text)}"))
    return whole.encode() + c2sp.NONCE + c2sp.sealed(c2sp.SMALL)


def enc(stanza, change):
    return Stanza((stanza.kind, to_base64(change(base64.b64decode(stanza.arguments[1] + "==")))), stanza.body)


HYBRID_CASES = {
    "hybrid": (lambda one: one, c2sp.SUCCESS),
    "hybrid_bad_tag": (lambda one: Stanza(one.arguments, c2sp.flipped(one.body)), c2sp.NO_MATCH),
    "hybrid_corrupted_enc_mlkem": (lambda one: enc(one, lambda e: c2sp.flipped(e[:500]) + e[500:]), c2sp.NO_MATCH),
    "hybrid_corrupted_enc_x25519": (lambda one: enc(one, lambda e: c2sp.flipped(e[:-9]) + e[-9:]), c2sp.NO_MATCH),
    "hybrid_extra_argument": (lambda one: Stanza((*one.arguments, "1234"), one.body), c2sp.HEADER),
    "hybrid_short_share": (lambda one: enc(one, lambda e: e[:-1]), c2sp.HEADER),
    "hybrid_long_share": (lambda one: enc(one, lambda e: e + b"\0"), c2sp.HEADER),
    "hybrid_long_file_key": (lambda one: Stanza(one.arguments, one.body + bytes(8)), c2sp.HEADER),
    "hybrid_uppercase": (lambda one: Stanza(("MLKEM768X25519", *one.arguments[1:]), one.body), c2sp.NO_MATCH),
    "hybrid_low_order": (
        lambda one: enc(one, lambda e: e[:-32] + base64.b64decode("X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEdc=")),
        c2sp.HEADER,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HYBRID_CASES)
def test_hybrid_stanzas_are_judged_as_published(name):
    change, expect = HYBRID_CASES[name]
    assert judged(hybrid(change), HYBRID.encode())[0] == expect


def test_a_passphrase_beside_a_recipient_is_refused():
    lines = (c2sp.VERSION, "-> scrypt rF0/NwblUHHTpgQgRpe5CQ 10", c2sp.BODY, *c2sp.STANZA)
    header = "".join(f"{line}\n" for line in (*lines, f"--- {c2sp.code(lines)}"))
    content = header.encode() + c2sp.NONCE + c2sp.sealed(c2sp.SMALL)
    assert judged(content, c2sp.IDENTITY) == (c2sp.HEADER, b"")
