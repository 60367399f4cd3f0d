"""RTP as bytes: the 12-byte header, header extensions, retransmissions, and what forwarding must know of VP8.

The forwarding path calls these for every packet, so they take and give bytes and plain numbers, and make no objects.
"""

from struct import Struct

Buffer = bytes | memoryview
"""A packet, wherever it lies."""

HEADER = Struct("!BBHLL")
"""Version and flags, marker and payload type, sequence number, time stamp, source."""
SEND_TIME_HEADER = Struct("!BBHLLHHL")
"""The header with one extension: abs-send-time."""
SOURCE = Struct("!8xL")
"""The source alone."""
REPORTER = Struct("!4xL")
"""The source of a packet of RTCP."""
ONE_BYTE_PROFILE = 0xBEDE
_WORDS = Struct("!HH")


def payload_bounds(data: Buffer) -> tuple[int, int]:
    """Where the payload starts and ends, padding left out. Raises ValueError where the packet contradicts itself."""
    first, size = data[0], len(data)
    start = 12 + 4 * (first & 0x0F)
    if first & 0x10:
        if size < start + 4:
            raise ValueError("truncated extension")
        start += 4 + 4 * _WORDS.unpack_from(data, start)[1]
    end = size - data[-1] if first & 0x20 else size
    if start > end or (first & 0x20 and end == size):
        raise ValueError("no room for a payload")
    return start, end


def extension(data: Buffer, number: int) -> bytes | None:
    """The value of a one-byte header extension, or None. The packet has passed `payload_bounds`."""
    if not data[0] & 0x10:
        return None
    at = 12 + 4 * (data[0] & 0x0F)
    profile, words = _WORDS.unpack_from(data, at)
    if profile != ONE_BYTE_PROFILE:
        return None
    at, end = at + 4, at + 4 + 4 * words
    while at < end:
        head = data[at]
        if head == 0:  # padding
            at += 1
            continue
        size = (head & 0x0F) + 1
        if head >> 4 == number:
            return bytes(data[at + 1 : min(at + 1 + size, end)])
        at += 1 + size
    return None


def starts_vp8_keyframe(payload: bytes) -> bool:
    """True for the first packet of a keyframe (RFC 7741): S bit, first partition, and the frame's P bit is 0."""
    if not payload or payload[0] & 0x17 != 0x10:
        return False
    start = vp8_start(payload)
    return start < len(payload) and not payload[start] & 1


def vp8_start(payload: bytes) -> int:
    """Length of the VP8 payload descriptor; may lie beyond the end of a truncated payload."""
    if not payload[0] & 0x80:
        return 1
    if len(payload) < 3:
        return len(payload)
    more, at = payload[1], 2
    if more & 0x80:
        at += 2 if payload[2] & 0x80 else 1
    if more & 0x40:
        at += 1
    if more & 0x30:
        at += 1
    return at


def unwrap_rtx(data: Buffer, codec: int, ssrc: int) -> bytes | None:
    """The packet that a retransmission (RFC 4588) repeats; None for padding that only probes the network."""
    start, end = payload_bounds(data)
    if end - start < 2:
        return None
    first, second, _, stamp, _ = HEADER.unpack_from(data)
    (sequence,) = _SHORT.unpack_from(data, start)
    return HEADER.pack(first & 0xC0, second & 0x80 | codec, sequence, stamp, ssrc) + bytes(data[start + 2 : end])


_SHORT = Struct("!H")
