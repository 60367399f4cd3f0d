"""RTCP: what we say about streams, and how what others say is read (through aiortc's packet classes)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from struct import Struct

from aiortc import rtp

from portal.rooms.media.inbound import Inbound

_NACK_WORDS = 60
_SDES_CNAME = 1
_RAPID_RESYNC = 5
_FEEDBACK = Struct("!BBHLL")
_WORD = Struct("!HH")


@dataclass
class Heard:
    """What one compound packet said, sorted by what it is for."""

    sender_reports: list[tuple[int, int, int]] = field(default_factory=list)
    """(source, NTP time 32.32, RTP time stamp)."""
    receptions: list[tuple[int, float, int, int]] = field(default_factory=list)
    """(our source, fraction lost 0..1, LSR, DLSR)."""
    lost: list[tuple[int, list[int]]] = field(default_factory=list)
    """(our source, sequence numbers to send again)."""
    keyframes: list[int] = field(default_factory=list)
    """Our sources for which a keyframe is wanted."""
    estimate: int | None = None
    """Bits a second that the receiver can take in all."""


def read(data: bytes) -> Heard:
    """Read a plain compound packet. Raises ValueError or struct.error where it is malformed."""
    heard = Heard()
    for packet in rtp.RtcpPacket.parse(data):
        if isinstance(packet, rtp.RtcpSrPacket):
            info = packet.sender_info
            heard.sender_reports.append((packet.ssrc, info.ntp_timestamp, info.rtp_timestamp))
        if isinstance(packet, rtp.RtcpSrPacket | rtp.RtcpRrPacket):
            heard.receptions += [(one.ssrc, one.fraction_lost / 256, one.lsr, one.dlsr) for one in packet.reports]
        elif isinstance(packet, rtp.RtcpRtpfbPacket) and packet.fmt == rtp.RTCP_RTPFB_NACK:
            heard.lost.append((packet.media_ssrc, packet.lost))
        elif isinstance(packet, rtp.RtcpPsfbPacket):
            _read_payload_feedback(packet, heard)
    return heard


def nack(ssrc: int, lost: list[int]) -> bytes:
    """Ask for packets again (16-bit sequence numbers in order; they may wrap)."""
    words: list[tuple[int, int]] = []
    for seq in lost:
        step = (seq - words[-1][0] - 1) & 0xFFFF if words else 16
        if step < 16:
            words[-1] = words[-1][0], words[-1][1] | 1 << step
        else:
            words.append((seq, 0))
    return b"".join(_nack(ssrc, words[at : at + _NACK_WORDS]) for at in range(0, len(words), _NACK_WORDS))


def _nack(ssrc: int, words: list[tuple[int, int]]) -> bytes:
    head = _FEEDBACK.pack(0x80 | rtp.RTCP_RTPFB_NACK, rtp.RTCP_RTPFB, 2 + len(words), 1, ssrc)
    return head + b"".join(_WORD.pack(*word) for word in words)


def picture_loss(ssrc: int) -> bytes:
    """Ask for a keyframe."""
    return bytes(rtp.RtcpPsfbPacket(rtp.RTCP_PSFB_PLI, 1, ssrc))


def rapid_resync(ssrc: int) -> bytes:
    """Ask for a sender report at once (RFC 6051)."""
    return _FEEDBACK.pack(0x80 | _RAPID_RESYNC, rtp.RTCP_RTPFB, 2, 1, ssrc)


def bandwidth(bits: int, ssrcs: list[int]) -> bytes:
    """REMB: send no more than this many bits a second."""
    return bytes(rtp.RtcpPsfbPacket(rtp.RTCP_PSFB_APP, 1, 0, rtp.pack_remb_fci(bits, ssrcs)))


def reception(streams: Iterable[Inbound], now: float) -> bytes:
    """A receiver report about the streams that arrive."""
    reports = []
    for stream in streams:
        if stream.ssrc is None or stream.highest < 0:
            continue
        fraction, lost = stream.report()
        last, since = 0, 0
        if stream.sender_reports:
            ntp, _, arrived = stream.sender_reports[-1]
            last, since = ntp >> 16 & 0xFFFFFFFF, int((now - arrived) * 65_536) & 0xFFFFFFFF
        reports.append(rtp.RtcpReceiverInfo(
            ssrc=stream.ssrc, fraction_lost=fraction, packets_lost=lost, highest_sequence=stream.highest & 0xFFFFFFFF,
            jitter=int(stream.jitter) & 0xFFFFFFFF, lsr=last, dlsr=since,
        ))  # fmt: skip
    return bytes(rtp.RtcpRrPacket(1, reports))


def sender(ssrc: int, ntp: int, stamp: int, packets: int, octets: int, name: str) -> bytes:
    """A sender report with the name that ties a person's sound and picture together."""
    info = rtp.RtcpSenderInfo(ntp, stamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    told = rtp.RtcpSdesPacket([rtp.RtcpSourceInfo(ssrc, [(_SDES_CNAME, name.encode("ascii"))])])
    return bytes(rtp.RtcpSrPacket(ssrc, info)) + bytes(told)


def _read_payload_feedback(packet: rtp.RtcpPsfbPacket, heard: Heard) -> None:
    if packet.fmt == rtp.RTCP_PSFB_PLI:
        heard.keyframes.append(packet.media_ssrc)
    elif packet.fmt == rtp.RTCP_PSFB_FIR:
        heard.keyframes += [int.from_bytes(packet.fci[at : at + 4], "big") for at in range(0, len(packet.fci) - 7, 8)]
    elif packet.fmt == rtp.RTCP_PSFB_APP:
        heard.estimate = _estimate(packet.fci, rtp.unpack_remb_fci)


def _estimate(fci: bytes, unpack: Callable[[bytes], tuple[int, list[int]]]) -> int | None:
    try:
        return unpack(fci)[0]
    except ValueError:  # some other application's message
        return None
