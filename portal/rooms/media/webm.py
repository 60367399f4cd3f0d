"""Writes WebM as it goes: a header, then clusters, each whole in itself. Nothing is ever gone back to.

VP8 and Opus frames are put in as they came. There is no duration and no table of cues, since the file never knows that
it ends; the manifest has both.
"""

from collections.abc import Sequence
from struct import Struct
from typing import NamedTuple

AUDIO, VIDEO = 2, 1
"""Track numbers."""
SILENCE = b"\xf8\xff\xfe"
"""An Opus packet of 20 ms of silence (RFC 6716: CELT, full band, mono, one frame)."""
SILENCE_MS = 20
_PRE_SKIP = 312
"""Samples at 48 kHz by which an Opus decoder lags behind (RFC 7845 recommends to skip them)."""
_UNKNOWN = b"\x01\xff\xff\xff\xff\xff\xff\xff"
_BLOCK = Struct("!BLBhB").pack
_SIMPLE_BLOCK, _BLOCK_HEAD = 0xA3, 4
_FOUR_OCTETS = 1 << 28
"""Marks a size of four octets."""
_EBML, _SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675


class Frame(NamedTuple):
    """One frame at its time, on whichever clock."""

    ms: int
    track: int
    key: bool
    data: bytes


def header(*, audio: bool, video: tuple[int, int] | None) -> bytes:
    """The start of a file with these tracks; video with its first width and height."""
    doctype = b"".join((
        _number(0x4286, 1), _number(0x42F7, 1), _number(0x42F2, 4), _number(0x42F3, 8), _element(0x4282, b"webm"),
        _number(0x4287, 4), _number(0x4285, 2),
    ))  # fmt: skip
    writer = b"portal"
    info = _number(0x2AD7B1, 1_000_000) + _element(0x4D80, writer) + _element(0x5741, writer)
    tracks = (_video(*video) if video else b"") + (_audio() if audio else b"")
    return _element(_EBML, doctype) + _id(_SEGMENT) + _UNKNOWN + _element(_INFO, info) + _element(_TRACKS, tracks)


def cluster(frames: Sequence[Frame], origin: int) -> bytes:
    """A cluster of at least one frame, in order of time, spanning at most 30 s. `origin` is where the file begins."""
    start = frames[0].ms
    pieces = [_number(0xE7, start - origin)]
    for ms, track, key, data in frames:
        size = len(data) + _BLOCK_HEAD
        pieces += _BLOCK(_SIMPLE_BLOCK, _FOUR_OCTETS | size, 0x80 | track, ms - start, 0x80 * key), data
    return b"".join((_id(_CLUSTER), _size(sum(map(len, pieces))), *pieces))


def opus_ms(packet: bytes) -> float:
    """How long an Opus packet sounds, in milliseconds (RFC 6716, 3.1). 0 where it is malformed."""
    if not packet:
        return 0.0
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:
        frame = (10.0, 20.0, 40.0, 60.0)[config & 3]
    elif config < 16:
        frame = (10.0, 20.0)[config & 1]
    else:
        frame = (2.5, 5.0, 10.0, 20.0)[config & 3]
    count = (1, 2, 2, packet[1] & 0x3F if len(packet) > 1 else 0)[code]
    return frame * count if frame * count <= 120 else 0.0


def _audio() -> bytes:
    private = b"OpusHead" + bytes((1, 2)) + _PRE_SKIP.to_bytes(2, "little") + (48_000).to_bytes(4, "little") + bytes(3)
    sound = _element(0xB5, Struct("!d").pack(48_000.0)) + _number(0x9F, 2)
    delay = _PRE_SKIP * 1_000_000_000 // 48_000
    return _element(0xAE, b"".join((
        _number(0xD7, AUDIO), _number(0x73C5, AUDIO), _number(0x83, 2), _number(0x9C, 0), _element(0x86, b"A_OPUS"),
        _number(0x56AA, delay), _number(0x56BB, 80_000_000), _element(0x63A2, private), _element(0xE1, sound),
    )))  # fmt: skip


def _video(width: int, height: int) -> bytes:
    picture = _number(0xB0, width) + _number(0xBA, height)
    return _element(0xAE, b"".join((
        _number(0xD7, VIDEO), _number(0x73C5, VIDEO), _number(0x83, 1), _number(0x9C, 0), _element(0x86, b"V_VP8"),
        _element(0xE0, picture),
    )))  # fmt: skip


def _element(name: int, body: bytes) -> bytes:
    return _id(name) + _size(len(body)) + body


def _number(name: int, value: int) -> bytes:
    return _element(name, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _id(name: int) -> bytes:
    return name.to_bytes((name.bit_length() + 7) // 8, "big")


def _size(length: int) -> bytes:
    for octets in range(1, 9):
        if length < (1 << 7 * octets) - 1:  # all ones would mean "unknown"
            return (1 << 7 * octets | length).to_bytes(octets, "big")
    raise ValueError("too long for an element")
