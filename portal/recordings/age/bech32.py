"""Bech32 (BIP 173) as age uses it: without the limit of 90 characters."""

from portal.recordings.age.errors import KeyMalformed

_CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {character: value for value, character in enumerate(_CHARACTERS)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM = 6


def encode(prefix: str, data: bytes) -> str:
    """The data behind a lower-case prefix, with its checksum."""
    values = _regroup(data, 8, 5, pad=True)
    checked = _polymod([*_expanded(prefix), *values, *[0] * _CHECKSUM]) ^ 1
    checksum = [(checked >> 5 * (5 - at)) & 31 for at in range(_CHECKSUM)]
    return prefix + "1" + "".join(_CHARACTERS[value] for value in [*values, *checksum])


def decode(text: str) -> tuple[str, bytes]:
    """The prefix in lower case, and the data. Raises KeyMalformed."""
    if text not in (text.lower(), text.upper()):
        raise KeyMalformed("a key is written all in small or all in capital letters")
    prefix, found, rest = text.lower().rpartition("1")
    if not found or not prefix or len(rest) < _CHECKSUM:
        raise KeyMalformed("this does not look like a key: it may have been cut off")
    if not prefix.isascii() or not prefix.isprintable():
        raise KeyMalformed("a key has no such letter")
    try:
        values = [_VALUES[character] for character in rest]
    except KeyError as error:
        raise KeyMalformed("a key has no such letter") from error
    if _polymod([*_expanded(prefix), *values]) != 1:
        raise KeyMalformed("the key's check letters do not fit: it was mistyped or cut off")
    return prefix, bytes(_regroup(bytes(values[:-_CHECKSUM]), 5, 8, pad=False))


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for at, generator in enumerate(_GENERATOR):
            if top >> at & 1:
                check ^= generator
    return check


def _expanded(prefix: str) -> list[int]:
    return [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]


def _regroup(data: bytes, wide: int, narrow: int, *, pad: bool) -> list[int]:
    """Bits in groups of `wide` as bits in groups of `narrow`."""
    held, bits, out = 0, 0, []
    for value in data:
        held = (held << wide | value) & 0xFFFF
        bits += wide
        while bits >= narrow:
            bits -= narrow
            out.append(held >> bits & ((1 << narrow) - 1))
    if pad and bits:
        out.append(held << (narrow - bits) & ((1 << narrow) - 1))
    elif not pad and (bits >= wide or held & ((1 << bits) - 1)):
        raise KeyMalformed("the key's last letter is not one that age writes")
    return out
