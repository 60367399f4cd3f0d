"""A browser's side of a room in as little as it takes: ICE, DTLS, SRTP, a data channel, and RTP at a steady rate.

Real protocols over real sockets, real VP8 and Opus. Many clients run in one process, apart from the one measured.
The last packet of each picture ends with the time at which it was sent, which decoders pass over.
"""

import asyncio
import json
import os
import secrets
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pylibsrtp
from aiortc import rtp as aiortc_rtp
from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceTransport
from aiortc.rtcsctptransport import RTCSctpCapabilities, RTCSctpTransport
from aiortc.sdp import SessionDescription

from bench.rooms import clip
from portal.rooms.media import stun
from portal.rooms.media.rtp import HEADER

OPUS, VP8, RTX = 111, 96, 97
MID_EXTENSION, TIME_EXTENSION = 4, 2
AUDIO_EVERY, VIDEO_EVERY = 0.020, 1 / 30
CONSENT_EVERY = 2.0
_TIMESTAMPNS = 35
_ANCILLARY = socket.CMSG_SPACE(16)
_TIMESPEC = struct.Struct("=qq")
_STAMP = struct.Struct("!Q")
CERTIFICATE = RTCCertificate.generateCertificate()

Join = Callable[[str], Awaitable[str]]
"""Gives the answer to an offer (SDP both)."""


@dataclass
class Counts:
    """What one client saw."""

    sent: int = 0
    received: int = 0
    gaps: int = 0
    """Sequence numbers that never came, over all streams."""
    delays: list[float] = field(default_factory=list)
    """Seconds from one client's send to the other's kernel, of every `sample`-th picture."""
    keyframes_asked: int = 0


class _Pipe:
    role = "controlling"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._out = send

    async def _recv(self) -> bytes:
        return await self.queue.get()

    async def _send(self, data: bytes) -> None:
        self._out(data)


@dataclass
class Stream:
    """One stream that is sent."""

    ssrc: int
    codec: int
    mid: str
    step: int
    every: float
    seq: int = field(default_factory=lambda: secrets.randbelow(30_000))
    stamp: int = field(default_factory=lambda: secrets.randbelow(1 << 31))
    packets: int = 0
    octets: int = 0
    next: float = 0.0

    @property
    def extension(self) -> bytes:
        """The header extension that names the m-line."""
        value = bytes([MID_EXTENSION << 4 | len(self.mid) - 1]) + self.mid.encode()
        value += bytes(-len(value) % 4)
        return struct.pack("!HH", 0xBEDE, len(value) // 4) + value


class Client:
    """One person. `video_bits` a second of picture; every `sample`-th picture's delay is measured."""

    def __init__(self, name: str, *, video_bits: int = 800_000, sample: int = 4, data: bool = True) -> None:
        self.host = os.environ.get("BENCH_ADDRESS", "127.0.0.1")
        self.name, self.counts, self.sample = name, Counts(), sample
        self.messages: list[dict[str, Any]] = []
        self.heard: Callable[[dict[str, Any]], None] = self.messages.append
        self.connected = asyncio.Event()
        self.opened = asyncio.Event()
        self.first_picture: float | None = None
        self.audio = Stream(secrets.randbits(31) | 1, OPUS, "0", 960, AUDIO_EVERY)
        self.video = Stream(secrets.randbits(31) | 1, VP8, "1", 3000, VIDEO_EVERY)
        self._pictures, self._sounds = clip.pictures(video_bits), clip.sounds()
        self._picture_at = self._sound_at = self._marked = 0
        self._data = data
        self._ufrag, self._password = secrets.token_hex(4), secrets.token_hex(12)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.setsockopt(socket.SOL_SOCKET, _TIMESTAMPNS, 1)
        self._socket.settimeout(0)
        self._socket.bind(("0.0.0.0", 0))
        self._pipe = _Pipe(self._send)
        self._dtls = RTCDtlsTransport(cast(RTCIceTransport, self._pipe), [CERTIFICATE])
        self._remote: tuple[str, int] = ("127.0.0.1", 0)
        self._remote_key = ("", "")
        self._checked = asyncio.Event()
        self._highest: dict[int, int] = {}
        self._protect: Callable[[bytes], bytes] | None = None
        self._unprotect: Callable[[bytes], bytes] | None = None
        self._sctp: RTCSctpTransport | None = None
        self.channel: RTCDataChannel | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._consent = 0.0
        self._report = 0.0

    # joining

    def transport_lines(self) -> list[str]:
        """The credentials that every m-line of ours carries."""
        known = self._dtls.getLocalParameters().fingerprints[:1]
        prints = [f"a=fingerprint:{one.algorithm} {one.value}" for one in known]
        port = self._socket.getsockname()[1]
        found = [f"a=candidate:1 1 udp 2130706431 {self.host} {port} typ host", "a=end-of-candidates"]
        return [f"a=ice-ufrag:{self._ufrag}", f"a=ice-pwd:{self._password}", *prints, *found]

    def offer(self, *, share: bool = False) -> str:
        """An offer as docs/rooms-protocol.md asks for."""
        kinds = [("audio", "sendonly", self.audio.ssrc), ("video", "sendonly", self.video.ssrc)]
        kinds += [("audio", "recvonly", 0), ("video", "recvonly", 0)] * 4
        kinds += [("audio", "sendonly", 0), ("video", "sendonly", 0)] if share else []
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
        lines.append("a=group:BUNDLE " + " ".join(str(at) for at in range(len(kinds) + 1)))
        for at, (kind, direction, ssrc) in enumerate(kinds):
            lines += [*media_line(kind, direction, str(at)), "a=setup:actpass", *self.transport_lines()]
            if ssrc:
                lines.append(f"a=ssrc:{ssrc} cname:{self.name}")
        lines += [
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", f"a=mid:{len(kinds)}",
            "a=sctp-port:5000", "a=setup:actpass", *self.transport_lines(),
        ]  # fmt: skip
        return "\r\n".join(lines) + "\r\n"

    async def join(self, join: Join, *, share: bool = False) -> None:
        """Offer, take the answer, connect; `connected` and `opened` are set when that is done."""
        await self.connect(await join(self.offer(share=share)))

    async def connect(self, remote: str) -> None:
        """Check the address of the remote description and shake hands."""
        described = SessionDescription.parse(remote).media
        first = next(one for one in described if one.ice_candidates)
        reached = [one for one in first.ice_candidates if one.protocol.lower() == "udp" and ":" not in one.ip]
        chosen = next((one for one in reached if one.ip == "127.0.0.1"), reached[0])
        self._remote = (chosen.ip, chosen.port)
        self._remote_key = (first.ice.usernameFragment, first.ice.password)
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._readable)
        while not self._checked.is_set():
            self._check()
            try:
                await asyncio.wait_for(self._checked.wait(), 0.2)
            except TimeoutError:
                continue
        self._dtls._set_role("server" if first.dtls.role == "client" else "client")
        prints = first.dtls.fingerprints or described[0].dtls.fingerprints
        await self._dtls.start(RTCDtlsParameters([RTCDtlsFingerprint(one.algorithm, one.value) for one in prints]))
        if self._dtls.state != "connected":
            raise ConnectionError(f"{self.name}: DTLS {self._dtls.state}")
        self._protect, self._unprotect = self._dtls._tx_srtp.protect, self._dtls._rx_srtp.unprotect
        if self._data:
            self._sctp = RTCSctpTransport(self._dtls)
            self.channel = RTCDataChannel(self._sctp, RTCDataChannelParameters(label="room"))
            self.channel.on("open", self.opened.set)
            self.channel.on("message", self._message)
            await self._sctp.start(RTCSctpCapabilities(65_536), 5000)
        self.connected.set()

    def say(self, kind: str, **fields: Any) -> None:
        """Send a command."""
        if self.channel is not None:
            self.channel.send(json.dumps({"type": kind, **fields}))

    async def until(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 60) -> dict[str, Any]:
        """The first message, old or new, that is wanted."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for message in self.messages:
                if wanted(message):
                    return message
            await asyncio.sleep(0.02)
        raise TimeoutError(f"{self.name} never heard it; last {self.messages[-3:]}")

    async def close(self) -> None:
        """Go without a word."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._dtls.remove_all_listeners()
        if self._dtls._task is not None:
            self._dtls._task.cancel()
            await asyncio.gather(self._dtls._task, return_exceptions=True)
        if self._sctp is not None:
            await self._sctp.stop()
        self._socket.close()

    # sending

    def begin(self, at: float) -> None:
        """Send from this moment (seconds of time.monotonic)."""
        self.audio.next = self.video.next = self._report = at

    def pump(self, now: float) -> None:
        """Send what is due."""
        if self._protect is None:
            return
        if now - self._consent > CONSENT_EVERY:
            self._consent = now
            self._check()
        if not self.audio.next:
            return
        while self.audio.next <= now:
            self.audio.next += self.audio.every
            self.audio.stamp += self.audio.step
            self._packet(self.audio, 0x80, self._sounds[self._sound_at])
            self._sound_at = (self._sound_at + 1) % len(self._sounds)
        while self.video.next <= now:
            self.video.next += self.video.every
            self.video.stamp += self.video.step
            self._picture()
        if now >= self._report:
            self._report = now + 1
            self._sender_reports()

    def _picture(self) -> None:
        frame = self._pictures[self._picture_at]
        self._picture_at = (self._picture_at + 1) % len(self._pictures)
        parts = [frame[at : at + 1080] for at in range(0, len(frame), 1080)]
        for at, part in enumerate(parts):
            last = at == len(parts) - 1
            stamp = _STAMP.pack(time.time_ns()) if last else b""
            self._packet(self.video, 0x80 * last, (b"\x10" if at == 0 else b"\x00") + part + stamp)

    def _packet(self, stream: Stream, marker: int, payload: bytes) -> None:
        stream.seq = (stream.seq + 1) & 0xFFFF
        stream.packets += 1
        stream.octets += len(payload)
        head = HEADER.pack(0x90, marker | stream.codec, stream.seq, stream.stamp & 0xFFFFFFFF, stream.ssrc)
        if self._protect is not None:
            self._send(self._protect(head + stream.extension + payload))
        self.counts.sent += 1

    def _sender_reports(self) -> None:
        ntp = int((time.time() + 2_208_988_800) * (1 << 32))
        for stream in (self.audio, self.video):
            info = aiortc_rtp.RtcpSenderInfo(ntp, stream.stamp & 0xFFFFFFFF, stream.packets, stream.octets & 0xFFFFFFFF)
            self._send(self._dtls._tx_srtp.protect_rtcp(bytes(aiortc_rtp.RtcpSrPacket(stream.ssrc, info))))

    def _check(self) -> None:
        user = f"{self._remote_key[0]}:{self._ufrag}"
        self._send(stun.request(os.urandom(12), user, self._remote_key[1].encode(), nominate=True))

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendto(data, self._remote)
        except OSError:  # a full buffer counts as lost on the way; the receiver sees the gap
            return

    # receiving

    def _readable(self) -> None:
        receive = self._socket.recvmsg
        for _ in range(64):
            try:
                data, ancillary, _, _ = receive(2048, _ANCILLARY)
            except OSError:
                return
            first = data[0]
            if first > 127:
                if 191 < data[1] < 224:
                    self._rtcp(data)
                else:
                    self._rtp(data, ancillary)
            elif first > 19:
                self._pipe.queue.put_nowait(data)
            elif data[:2] == b"\x01\x01":
                self._checked.set()
            elif data[:2] == b"\x00\x01":  # who is not ICE-lite checks us, too
                request = stun.parse(data)
                self._send(stun.success(request, self._password.encode(), *self._remote))

    def _rtp(self, data: bytes, ancillary: list[tuple[int, int, bytes]]) -> None:
        counts = self.counts
        counts.received += 1
        _, second, seq, _, ssrc = HEADER.unpack_from(data)
        highest = self._highest.get(ssrc)
        if highest is None:
            self._highest[ssrc] = seq
        else:
            step = (seq - highest) & 0xFFFF
            if 0 < step < 0x8000:
                counts.gaps += step - 1
                self._highest[ssrc] = seq
            elif step >= 0x8000:
                counts.gaps -= 1  # it came late
        if self.first_picture is None and second & 0x7F == VP8:
            self.first_picture = time.monotonic()
        if second != VP8 | 0x80 or self._unprotect is None or not ancillary:
            return
        self._marked += 1
        if self._marked % self.sample == 0:
            try:
                plain = self._unprotect(data)
            except pylibsrtp.Error:  # a replay
                return
            seconds, nanos = _TIMESPEC.unpack(ancillary[0][2])
            counts.delays.append((seconds * 1_000_000_000 + nanos - _STAMP.unpack(plain[-8:])[0]) / 1e9)

    def _rtcp(self, data: bytes) -> None:
        if self._dtls._rx_srtp is None:
            return
        plain = self._dtls._rx_srtp.unprotect_rtcp(data)
        if plain[1] == 206 and plain[0] & 0x1F in (1, 4):
            self.counts.keyframes_asked += 1
            self._picture_at = 0

    def _message(self, message: str) -> None:
        self.heard(json.loads(message))


def media_line(kind: str, direction: str, mid: str, port: int = 9) -> list[str]:
    """An m-line of ours, without credentials."""
    head = ["c=IN IP4 0.0.0.0", f"a=mid:{mid}", f"a={direction}", "a=rtcp-mux", "a=rtcp-rsize"]
    head.append(f"a=extmap:{MID_EXTENSION} urn:ietf:params:rtp-hdrext:sdes:mid")
    if kind == "audio":
        codec = [f"a=rtpmap:{OPUS} opus/48000/2", f"a=fmtp:{OPUS} minptime=10;useinbandfec=1"]
        return [f"m=audio {port} UDP/TLS/RTP/SAVPF {OPUS}", *head, *codec]
    feedback = [f"a=rtcp-fb:{VP8} {one}" for one in ("nack", "nack pli", "ccm fir", "goog-remb")]
    codec = [f"a=rtpmap:{VP8} VP8/90000", *feedback, f"a=rtpmap:{RTX} rtx/90000", f"a=fmtp:{RTX} apt={VP8}"]
    return [f"m=video {port} UDP/TLS/RTP/SAVPF {VP8} {RTX}", *head, *codec]


async def receive(clients: list[Client], more: int, seconds: float = 60) -> None:
    """Wait until each of them has received so many packets more."""
    had, deadline = [client.counts.received for client in clients], time.monotonic() + seconds
    while any(client.counts.received <= before + more for client, before in zip(clients, had, strict=True)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"received {[client.counts.received for client in clients]}, had {had}")
        await asyncio.sleep(0.05)


async def pump(clients: list[Client], until: float) -> None:
    """Send for all clients until this moment (time.monotonic), each at its own phase."""
    while (now := time.monotonic()) < until:
        for client in clients:
            client.pump(now)
        await asyncio.sleep(max(0.0, now + 0.005 - time.monotonic()))
