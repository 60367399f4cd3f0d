"""One person's connection: her streams in, the others' streams out to her, and the data channel."""

import asyncio
import logging
import secrets
import string
import time
from typing import Any, Protocol

from pylibsrtp import Error as SealFailed

from portal.rooms.media import rtcp, rtp
from portal.rooms.media.bandwidth import Receiver
from portal.rooms.media.datagrams import Address, Outbox
from portal.rooms.media.dtls import Identity, Secure
from portal.rooms.media.inbound import Inbound
from portal.rooms.media.outbound import Outbound
from portal.rooms.media.sdp import SEND_TIME, Line, Offer, Outgoing
from portal.rooms.media.sources import Sources
from portal.rooms.media.srtp import Cell, SrtpFailed
from portal.rooms.media.wire import Wire

log = logging.getLogger(__name__)

REPORT_EVERY = 1.0
SILENT = 15.0
"""Seconds without a datagram after which the connection is lost: a short break of the network may pass before."""
CONNECT_WITHIN = 20.0
_SOURCE, _REPORTER = rtp.SOURCE.unpack_from, rtp.REPORTER.unpack_from
_LETTERS = string.ascii_letters + string.digits


class Listener(Protocol):
    """Who wants to know what happens to a connection."""

    def connected(self, peer: "Peer") -> None:
        """The handshake is done: media may flow."""

    def channel_opened(self, peer: "Peer") -> None:
        """`peer.tell` reaches the browser from now on."""

    def message(self, peer: "Peer", message: str | bytes) -> None:
        """Something came over the data channel."""

    def disconnected(self, peer: "Peer", reason: str) -> None:
        """The connection is over: `lost` or `closed`. Told once."""

    def reported(self, peer: "Peer", now: float) -> None:
        """About once a second, after the reports were sent."""


class Peer:
    """A connection. Create it, write its `ufrag`, `password` and `outgoing` into the answer, then `start`."""

    def __init__(self, wire: Wire, identity: Identity, offer: Offer, listener: Listener) -> None:
        self.ufrag = "".join(secrets.choice(_LETTERS) for _ in range(8))
        text = "".join(secrets.choice(_LETTERS) for _ in range(24))
        self.password, self.password_text = text.encode("ascii"), text
        self.remote_ufrag = offer.ufrag
        self.outgoing = [(Outgoing(), Outgoing()) for _ in offer.slots]
        self.microphone, self.camera = self._inbound(offer.microphone), self._inbound(offer.camera)
        self.share = tuple(self._inbound(line) for line in offer.share) if offer.share else ()
        self.slots = [
            tuple(self._outbound(line, one, at) for line, one in zip(lines, pair, strict=True))
            for at, (lines, pair) in enumerate(zip(offer.slots, self.outgoing, strict=True))
        ]
        self.receiver = Receiver()
        self.round_trip = 0.05
        self.state = "new"
        self._wire, self._listener, self._offer = wire, listener, offer
        self._secure = Secure(
            identity,
            self._send,
            opened=self._opened,
            channel=self._channel_opened,
            closed=lambda: self._over("closed"),
        )
        self._to: Outbox | None = None
        self._address: Address = b""
        self._channel: Any = None
        self._sources = Sources((offer.microphone, offer.camera, *(offer.share or ())), self.inbounds)
        self._outputs = {one.ssrc: one for pair in self.slots for one in pair}
        self._last_heard = time.monotonic()
        self._counted = (0, 0.0)
        self._timer: asyncio.TimerHandle | None = None
        self._stopping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Listen for the browser; it has `CONNECT_WITHIN` seconds."""
        self.state = "connecting"
        self._last_heard = time.monotonic()
        self._wire.add(self)
        self._secure.start(self._offer.fingerprints, self._offer.data_port)
        self._timer = asyncio.get_running_loop().call_later(CONNECT_WITHIN, self._late)

    def close(self) -> None:
        """End the connection without telling the listener; goodbyes go out in the background."""
        if self.state == "closed":
            return
        self.state = "closed"
        if self._timer is not None:
            self._timer.cancel()
        for stream in self.inbounds:
            stream.close()
        for output in self._outputs.values():
            output.attach(None, 0.0)
        self._stopping = asyncio.get_running_loop().create_task(self._stop())

    async def closed(self) -> None:
        """Wait until `close` has said its goodbyes."""
        if self._stopping is not None:
            await self._stopping

    @property
    def inbounds(self) -> tuple[Inbound, ...]:
        """All streams that may arrive."""
        return (self.microphone, self.camera, *self.share)

    def tell(self, text: str) -> bool:
        """Send over the data channel; False where there is none yet, or too much waits in it."""
        channel = self._channel
        if channel is None or channel.readyState != "open" or channel.bufferedAmount > 1_000_000:
            return False
        channel.send(text)
        return True

    def send_rtcp(self, data: bytes) -> None:
        """Protect and send."""
        protect, to = self._secure.protect_rtcp, self._to
        if protect is not None and to is not None and self.state == "connected":
            try:
                to.send(protect(data), self._address)
            except (SealFailed, ValueError):  # as good as lost on the way to her; whoever asked has others to ask
                to.unsent += 1

    def ask_sender_reports(self) -> None:
        """Ask for a sender report of each stream at once, so that sound and picture can be tied together."""
        for stream in self.inbounds:
            if stream.ssrc is not None:
                self.send_rtcp(rtcp.rapid_resync(stream.ssrc))

    def sending(self, now: float) -> float:
        """Bits a second that were sent since this was asked for the last time."""
        octets = sum(one.octets for one in self._outputs.values())
        before, at = self._counted
        self._counted = octets, now
        return (octets - before) * 8 / (now - at)

    def limit(self, bits: int, share_bits: int) -> None:
        """Ask the browser to send no more video than this."""
        video = [self.camera, *self.share[1:]]
        ssrcs = [one.ssrc for one in video if one.ssrc is not None and one.highest >= 0]
        if ssrcs:
            total = bits + (share_bits if len(ssrcs) > 1 else 0)
            self.send_rtcp(rtcp.bandwidth(total, ssrcs))

    # what the wire calls

    def checked(self, outbox: Outbox, address: Address, *, nominated: bool) -> None:
        """A verified connectivity check."""
        self._last_heard = time.monotonic()
        if nominated or self._to is None:
            self._to, self._address = outbox, address

    def on_dtls(self, data: bytes) -> None:
        """A DTLS datagram."""
        self._last_heard = time.monotonic()
        self._secure.receive(data)

    def on_media(self, cell: Cell, size: int, now: float) -> None:
        """An SRTP or SRTCP datagram lies in the cell. Raises what libsrtp and parsing raise; the wire counts it."""
        view, unprotect = cell.view, self._secure.unprotect
        if 191 < view[1] < 224:
            self._on_report(bytes(view[:size]), now)
            return
        if unprotect is None:
            return
        (ssrc,) = _SOURCE(view)
        known = self._sources.find(ssrc)
        if known is None:
            self._sources.check(ssrc)
        size = unprotect(cell, size)
        self._last_heard = now
        known = known or self._sources.identify(view[:size], ssrc, now)
        if known is None:
            return
        stream, repair = known
        if repair:
            original = rtp.unwrap_rtx(view[:size], stream.codec, stream.ssrc or 0)
            if original is not None and stream.highest >= 0:
                stream.packet(original, len(original), now)
        elif view[1] & 0x7F == stream.codec:
            stream.packet(view, size, now)

    def _on_report(self, data: bytes, now: float) -> None:
        unprotect = self._secure.unprotect_rtcp
        if unprotect is None:
            return
        (ssrc,) = _REPORTER(data)
        self._sources.check(ssrc)
        plain = unprotect(data)
        self._sources.heard(ssrc)
        self._rtcp(plain, now)

    # streams

    def _inbound(self, line: Line) -> Inbound:
        def feedback(kind: str, lost: list[int]) -> None:
            if stream.ssrc is not None:
                self.send_rtcp(rtcp.nack(stream.ssrc, lost) if kind == "nack" else rtcp.picture_loss(stream.ssrc))

        repairs = line.kind == "video" or ("nack", None) in line.feedback
        stream = Inbound(line.kind, line.clock_rate, line.codec, feedback, repairs=repairs)
        return stream

    def _outbound(self, line: Line, one: Outgoing, slot: int) -> Outbound:
        return Outbound(
            line.kind, line.clock_rate, line.codec, line.rtx, one.ssrc, one.rtx_ssrc,
            line.extension(SEND_TIME) if line.kind == "video" else None, f"slot{slot}",
            self._send_rtp, self.send_rtcp,
        )  # fmt: skip

    def _send_rtp(self, head: bytes, payload: bytes) -> None:
        protect, to = self._secure.protect, self._to
        if protect is not None and to is not None:
            try:
                size = protect(to.cell, head, payload)
            except (SrtpFailed, ValueError):  # as good as lost on the way to her; the others and the recording take it
                to.unsent += 1
            else:
                to.post(size, self._address)

    def _send(self, data: bytes) -> None:
        if self._to is not None:
            self._to.send(data, self._address)

    # reports

    def _rtcp(self, plain: bytes, now: float) -> None:
        heard = rtcp.read(plain)
        self._last_heard = now
        for ssrc, ntp, stamp in heard.sender_reports:
            known = self._sources.find(ssrc)
            if known is not None and not known[1]:
                known[0].reported(ntp, stamp, now)
        for ssrc, fraction, last, delay in heard.receptions:
            self._reception(ssrc, fraction, last, delay, now)
        self._wanted(heard, now)
        if heard.estimate is not None:
            self.receiver.heard(heard.estimate)

    def _wanted(self, heard: rtcp.Heard, now: float) -> None:
        for ssrc, lost in heard.lost:
            if ssrc in self._outputs:
                self._outputs[ssrc].resend(lost, now)
        for ssrc in heard.keyframes:
            output = self._outputs.get(ssrc)
            if output is not None and output.source is not None:
                output.source.request_keyframe(now)

    def _reception(self, ssrc: int, fraction: float, last: int, delay: int, now: float) -> None:
        output = self._outputs.get(ssrc)
        if output is None:
            return
        took = output.round_trip(last, delay, now)
        if output.kind == "video":
            self.receiver.reported(fraction, took)
        if took is not None:
            self.round_trip += (took - self.round_trip) / 4
            for stream in self.inbounds:
                stream.retry = min(0.3, max(0.02, 1.2 * self.round_trip))

    def _report(self) -> None:
        now = time.monotonic()
        if now - self._last_heard > SILENT:
            self._over("lost")
            return
        try:
            self.send_rtcp(rtcp.reception(self.inbounds, now))
            for stream in self.inbounds:
                if stream.keyframe_wanted:
                    stream.request_keyframe(now)
            self._listener.reported(self, now)
        except Exception:  # one report's failure must not end the reports
            log.exception("a report failed")
        self._timer = asyncio.get_running_loop().call_later(REPORT_EVERY, self._report)

    # life

    def _opened(self) -> None:
        if self.state != "connecting":
            return
        self.state = "connected"
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(REPORT_EVERY, self._report)
        self._listener.connected(self)

    def _channel_opened(self, channel: Any) -> None:
        if channel.label != "room" or self._channel is not None:
            channel.close()
            return
        self._channel = channel
        channel.on("message", lambda message: self._listener.message(self, message))
        self._listener.channel_opened(self)

    def _late(self) -> None:
        self._over("lost")

    def _over(self, reason: str) -> None:
        if self.state != "closed":
            self.close()
            self._listener.disconnected(self, reason)

    async def _stop(self) -> None:
        await self._secure.stop()
        self._wire.remove(self)
