"""The one way to write a value, and what is not it."""

import pytest
from asn1crypto import algos, cms, core
from hypothesis import given
from hypothesis import strategies as st

from portal.receipts.der import first_value, is_der

GOOD = {
    "an empty sequence": "3000",
    "a long length": "048180" + "00" * 128,
    "integers": "300d020100020102020200800201ff",
    "a truth": "0101ff",
    "a sorted set": "3106020101020102",
    "an identifier": "06092a864886f70d010702",
}
BAD = {
    "nothing": "",
    "a length with a spare byte": "04817f" + "00" * 127,
    "a length with a spare zero": "04820080" + "00" * 128,
    "no definite length": "30800000",
    "an integer with a spare zero": "02020001",
    "a negative integer with a spare byte": "0202ff80",
    "an empty integer": "0200",
    "a truth that is neither": "010101",
    "a null with something in it": "050100",
    "an unsorted set": "3106020102020101",
    "an identifier with a spare byte": "06038001aa",
    "an identifier that goes on": "0601aa",
    "bits behind the last": "03020101",
    "a string in pieces": "2403040100",
    "two values": "05000500",
    "too short": "0405ff",
    "something malformed far inside": "30053003020200",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_it_works(text):
    assert is_der(bytes.fromhex(text))


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_it_rejects(text):
    assert not is_der(bytes.fromhex(text))


def test_it_finds_the_first_value():
    assert first_value(bytes.fromhex("0201050000")) == bytes.fromhex("020105")
    with pytest.raises(ValueError, match="behind the end"):
        first_value(b"\x04\x05")


@given(st.integers(), st.lists(st.integers(), max_size=9))
def test_what_a_library_writes_is_canonical(number, numbers):
    class Numbers(core.SetOf):
        _child_spec = core.Integer

    assert is_der(core.Integer(number).dump())
    assert is_der(Numbers(numbers).dump(force=True))
    assert is_der(algos.DigestAlgorithm({"algorithm": "sha256"}).dump())
    assert is_der(cms.ContentInfo({"content_type": "data", "content": b"x"}).dump())


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(data):
    assert is_der(data) in (True, False)


def test_depth_and_number_are_no_burden():
    deep = b""
    for _ in range(3000):
        deep = b"\x30" + _length(len(deep)) + deep
    many = b"\x30\x83\x0f\x00\x00" + b"\x05\x00" * (0x0F0000 // 2)
    assert not is_der(deep)
    assert is_der(many)


def _length(size):
    if size < 0x80:
        return bytes([size])
    written = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(written)]) + written
