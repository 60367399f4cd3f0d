"""Whether bytes are written in the one way that DER allows (X.690), so that nobody could have written them otherwise.

Needs no knowledge of what the values mean, and time in proportion to the size whatever is in them. Libraries that write
a value anew to compare can be made to take for ever.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

DEEPEST = 64
_CONSTRUCTED, _LONG_TAG = 0x20, 0x1F
_BOOLEAN, _INTEGER, _BITS, _NULL, _OID, _ENUMERATED, _SET = 0x01, 0x02, 0x03, 0x05, 0x06, 0x0A, 0x31
_NEVER = {0x00, 0x23, 0x24, 0x2C}
"""End of contents, and strings in pieces: BER's."""


def is_der(data: bytes) -> bool:
    """Whether the bytes are one value, with nothing behind it."""
    try:
        if len(_children(data, 0, len(data))) != 1:
            return False
        return _all_canonical(data)
    except ValueError:
        return False


def first_value(data: bytes) -> bytes:
    """The value that the bytes begin with. Raises ValueError."""
    _, _, end = _value(data, 0, len(data))
    return data[:end]


def _all_canonical(data: bytes) -> bool:
    waiting = [(0, len(data), 0, False)]
    while waiting:
        start, end, depth, is_set = waiting.pop()
        inner = _children(data, start, end)
        if depth > DEEPEST or (is_set and not _ordered(data, inner)):
            return False
        for at, content, stop in inner:
            if data[at] & _CONSTRUCTED:
                waiting.append((content, stop, depth + 1, data[at] == _SET))
            elif not _RULES.get(data[at], _any)(data[content:stop]):
                return False
    return True


def _children(data: bytes, start: int, end: int) -> list[tuple[int, int, int]]:
    """Where each value between the places begins, where its content does, and where it ends. Raises ValueError."""
    found = []
    while start < end:
        found.append(_value(data, start, end))
        start = found[-1][2]
    return found


def _value(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    if at + 2 > end or data[at] in _NEVER or data[at] & _LONG_TAG == _LONG_TAG:
        raise ValueError("no value, or none that DER allows here")
    size, content = data[at + 1], at + 2
    if size >= 0x80:
        content += size & 0x7F
        written = data[at + 2 : content]
        size = int.from_bytes(written, "big")
        if not 1 <= len(written) <= 4 or size < 0x80 or written[0] == 0:
            raise ValueError("a length that could be written more shortly")
    if content + size > end:
        raise ValueError("a value that goes on behind the end")
    return at, content, content + size


def _ordered(data: bytes, inner: list[tuple[int, int, int]]) -> bool:
    return all(data[one[0] : one[2]] <= data[two[0] : two[2]] for one, two in pairwise(inner))


def _any(_content: bytes) -> bool:
    return True


def _shortest_integer(content: bytes) -> bool:
    if len(content) < 2:
        return len(content) == 1
    return (content[0], content[1] >> 7) not in ((0x00, 0), (0xFF, 1))


def _shortest_oid(content: bytes) -> bool:
    starts = [0, *(at + 1 for at, byte in enumerate(content[:-1]) if byte < 0x80)]
    return bool(content) and content[-1] < 0x80 and all(content[at] != 0x80 for at in starts)


def _clean_bits(content: bytes) -> bool:
    if not content or content[0] > 7 or (len(content) == 1 and content[0]):
        return False
    return len(content) == 1 or content[-1] & ((1 << content[0]) - 1) == 0


_RULES: Mapping[int, Callable[[bytes], bool]] = {
    _BOOLEAN: lambda content: content in (b"\x00", b"\xff"),
    _INTEGER: _shortest_integer,
    _ENUMERATED: _shortest_integer,
    _BITS: _clean_bits,
    _NULL: lambda content: not content,
    _OID: _shortest_oid,
}
