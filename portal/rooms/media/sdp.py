"""Reads a browser's offer and writes our answer. The m-lines and their order are those of docs/rooms-protocol.md."""

import ipaddress
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aiortc.sdp import MediaDescription, SessionDescription

from portal.rooms.media.errors import OfferRefused

SLOTS = 3
"""Other people that one person sees."""
SHARE = SLOTS
"""The slot of the shared screen or clip."""
LONGEST = 100_000
"""Characters of the longest offer that is looked at."""
DATA_PORT = 5000

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
_CLOCK = {"audio": 48_000, "video": 90_000}
_CODEC = {"audio": "audio/opus", "video": "video/vp8"}
_FEEDBACK: dict[str, tuple[tuple[str, str | None], ...]] = {
    "audio": (("nack", None),),
    "video": (("nack", None), ("nack", "pli"), ("ccm", "fir"), ("goog-remb", None)),
}
_BAD = (AssertionError, AttributeError, IndexError, KeyError, StopIteration, TypeError, ValueError)
"""What aiortc's parser raises on malformed text (measured)."""


@dataclass(frozen=True)
class Line:
    """One m-line: what is sent in it, and under which numbers in this browser."""

    mid: str
    kind: str
    codec: int
    """Payload type of VP8 or Opus."""
    rtx: int | None
    """Payload type of its retransmissions, for video."""
    ssrcs: tuple[int, ...]
    """Sources that the browser says it sends, the first of each group first; may be empty."""
    rtx_ssrcs: tuple[int, ...]
    extensions: tuple[tuple[str, int], ...]
    """Header extensions that we use: (address, number)."""
    feedback: tuple[tuple[str, str | None], ...] = ()

    @property
    def clock_rate(self) -> int:
        """RTP time stamps per second."""
        return _CLOCK[self.kind]

    def extension(self, address: str) -> int | None:
        """The extension's number in this m-line."""
        return next((number for name, number in self.extensions if name == address), None)


@dataclass(frozen=True)
class Offer:
    """An offer that a room can answer."""

    ufrag: str
    password: str
    fingerprints: list[tuple[str, str]]
    microphone: Line
    camera: Line
    slots: tuple[tuple[Line, Line], ...]
    """Audio and video of slot 0, 1, 2 and of the share."""
    share: tuple[Line, Line] | None
    """Audio and video of what she shares."""
    data_mid: str
    data_port: int

    @property
    def lines(self) -> list[Line]:
        """The m-lines of media in their order."""
        received = [line for pair in self.slots for line in pair]
        return [self.microphone, self.camera, *received, *(self.share or ())]


@dataclass
class Outgoing:
    """The sources under which we send into one receiving m-line."""

    ssrc: int = field(default_factory=lambda: secrets.randbelow(0xFFFFFFFE) + 1)
    rtx_ssrc: int = field(default_factory=lambda: secrets.randbelow(0xFFFFFFFE) + 1)


def read_offer(text: str, *, may_share: bool, relay_only: bool) -> Offer:
    """Read and check an offer.

    Raises:
        OfferRefused: it is malformed or of another shape, or names addresses that are not a relay's where it must not.
    """
    if len(text) > LONGEST:
        raise OfferRefused("too long")
    try:
        session = SessionDescription.parse(text)
        if relay_only:
            _refuse_addresses(session)
        return _checked(session, may_share=may_share)
    except _BAD as error:
        raise OfferRefused(f"malformed: {type(error).__name__}") from error


def write_answer(
    offer: Offer, outgoing: Sequence[tuple[Outgoing, Outgoing]], *, ufrag: str, password: str, fingerprint: str,
    candidates: Iterable[tuple[str, int]],
) -> str:  # fmt: skip
    """The answer: we take what the browser sends, and send into each slot under the given sources."""
    transport = [
        f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{password}", f"a=fingerprint:sha-256 {fingerprint}", "a=setup:passive",
    ]  # fmt: skip
    found = [_candidate(at, host, port) for at, (host, port) in enumerate(candidates)]
    mids = [line.mid for line in offer.lines] + [offer.data_mid]
    lines = [
        "v=0", f"o=- {secrets.randbits(62)} 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite",
        f"a=group:BUNDLE {' '.join(mids)}", "a=msid-semantic: WMS *",
    ]  # fmt: skip
    sources: dict[str, tuple[Outgoing, int]] = {}
    for at, (pair, sent) in enumerate(zip(offer.slots, outgoing, strict=True)):
        sources |= {line.mid: (one, at) for line, one in zip(pair, sent, strict=True)}
    for line in offer.lines:
        lines += _media(line) + transport
        if line is offer.microphone:
            lines += [*found, "a=end-of-candidates"]
        if line.mid in sources:
            lines += _sending(line, *sources[line.mid])
        else:
            lines += ["a=recvonly"]
    lines += [
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", f"a=mid:{offer.data_mid}", *transport,
        f"a=sctp-port:{DATA_PORT}", "a=max-message-size:65536",
    ]  # fmt: skip
    return "\r\n".join(lines) + "\r\n"


def _checked(session: SessionDescription, *, may_share: bool) -> Offer:
    media = [one for one in session.media if one.kind != "application"]
    data = [one for one in session.media if one.kind == "application"]
    expected = 2 + 2 * (SLOTS + 1) + (2 if may_share else 0)
    if len(data) != 1 or len(media) not in {expected, 2 + 2 * (SLOTS + 1)}:
        raise OfferRefused("other m-lines than a room has")
    bundled = next((group.items for group in session.group if group.semantic == "BUNDLE"), [])
    mids = [one.rtp.muxId for one in session.media]
    if len(set(mids)) != len(mids) or not all(mids) or not set(mids) <= set(bundled):
        raise OfferRefused("not one bundle")
    wanted = [("audio", "sendonly"), ("video", "sendonly")]
    wanted += [("audio", "recvonly"), ("video", "recvonly")] * (SLOTS + 1)
    wanted += [("audio", "sendonly"), ("video", "sendonly")]
    lines = [_line(one, *shape) for one, shape in zip(media, wanted, strict=False)]
    ice, dtls = session.media[0].ice, session.media[0].dtls
    if ice is None or dtls is None or not ice.usernameFragment or not ice.password or not dtls.fingerprints:
        raise OfferRefused("no credentials")
    if dtls.role == "server":
        raise OfferRefused("it must be able to start the handshake")
    if not data[0].sctp_port:
        raise OfferRefused("no data channel")
    receiving = lines[2 : 2 + 2 * (SLOTS + 1)]
    return Offer(
        ice.usernameFragment, ice.password, [(one.algorithm, one.value) for one in dtls.fingerprints],
        lines[0], lines[1], tuple(zip(receiving[::2], receiving[1::2], strict=True)),
        (lines[-2], lines[-1]) if len(lines) == len(wanted) else None, data[0].rtp.muxId, data[0].sctp_port,
    )  # fmt: skip


def _line(media: MediaDescription, kind: str, direction: str) -> Line:
    if media.kind != kind or media.direction != direction:
        raise OfferRefused(f"an m-line is {media.kind} {media.direction} where {kind} {direction} belongs")
    codec = next(one for one in media.rtp.codecs if one.mimeType.lower() == _CODEC[kind])
    if codec.payloadType is None or codec.clockRate != _CLOCK[kind]:
        raise OfferRefused(f"no {_CODEC[kind]} as browsers speak it")
    repairs = {int(group.items[1]) for group in media.ssrc_group if group.semantic == "FID"}
    offered = {(one.type, one.parameter or None) for one in codec.rtcpFeedback}
    extensions = [(one.uri, one.id) for one in media.rtp.headerExtensions if 0 < one.id < 15]
    return Line(
        media.rtp.muxId, kind, codec.payloadType, _repair_type(media, codec.payloadType),
        tuple(one.ssrc for one in media.ssrc if one.ssrc not in repairs), tuple(sorted(repairs)),
        tuple(one for one in extensions if one[0] in (MID, SEND_TIME)),
        tuple(one for one in _FEEDBACK[kind] if one in offered) if direction == "sendonly" or kind == "video" else (),
    )  # fmt: skip


def _repair_type(media: MediaDescription, codec: int) -> int | None:
    for one in media.rtp.codecs:
        if one.mimeType.lower() == "video/rtx" and one.parameters.get("apt") == codec:
            return one.payloadType
    return None


def _media(line: Line) -> list[str]:
    formats = [line.codec] if line.rtx is None else [line.codec, line.rtx]
    lines = [
        f"m={line.kind} 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, formats))}", "c=IN IP4 0.0.0.0", f"a=mid:{line.mid}",
        "a=rtcp-mux", "a=rtcp-rsize",
    ]  # fmt: skip
    lines += [f"a=extmap:{number} {address}" for address, number in line.extensions]
    feedback = [f"a=rtcp-fb:{line.codec} {name}{' ' + more if more else ''}" for name, more in line.feedback]
    if line.kind == "audio":
        codec = [f"a=rtpmap:{line.codec} opus/48000/2", f"a=fmtp:{line.codec} minptime=10;useinbandfec=1"]
        return [*lines, *codec, *feedback]
    lines += [f"a=rtpmap:{line.codec} VP8/90000", *feedback]
    if line.rtx is not None:
        lines += [f"a=rtpmap:{line.rtx} rtx/90000", f"a=fmtp:{line.rtx} apt={line.codec}"]
    return lines


def _sending(line: Line, source: Outgoing, slot: int) -> list[str]:
    lines = ["a=sendonly", f"a=msid:slot{slot} {line.kind}{slot}"]
    named = [source.ssrc]
    if line.rtx is not None:
        lines.append(f"a=ssrc-group:FID {source.ssrc} {source.rtx_ssrc}")
        named.append(source.rtx_ssrc)
    return lines + [f"a=ssrc:{ssrc} cname:slot{slot}" for ssrc in named]


def _candidate(at: int, host: str, port: int) -> str:
    preference = 65_535 - at
    priority = (126 << 24) | (preference << 8) | 255
    return f"a=candidate:{at + 1} 1 udp {priority} {host} {port} typ host"


def _refuse_addresses(session: SessionDescription) -> None:
    """Names (mDNS) and the unspecified address tell nobody anything."""
    for one in session.media:
        for candidate in one.ice_candidates:
            if candidate.type != "relay" and _is_address(candidate.ip):
                raise OfferRefused("an address that is not a relay's", "not_relayed")


def _is_address(text: str) -> bool:
    try:
        return not ipaddress.ip_address(text).is_unspecified
    except ValueError:
        return False
