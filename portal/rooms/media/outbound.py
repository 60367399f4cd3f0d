"""A slot: what one person receives of another. Sequence and time go on unbroken when the source behind it changes."""

import secrets
from collections.abc import Callable

from portal.rooms.media import rtcp, rtp
from portal.rooms.media.inbound import HISTORY, Inbound, Packet

_MASK = HISTORY - 1
_PLAIN, _TIMED = rtp.HEADER.pack, rtp.SEND_TIME_HEADER.pack
RESENT = 300
"""Packets a second that are sent again at most, whatever a receiver asks for."""
_PAST_REPORTS = 8


class Outbound:
    """One sending m-line. `send` protects and sends a header and a payload, `send_rtcp` a plain packet; `name` is the
    CNAME of the slot."""

    def __init__(
        self, kind: str, clock_rate: int, codec: int, rtx: int | None, ssrc: int, rtx_ssrc: int,
        send_time: int | None, name: str, send: Callable[[bytes, bytes], None], send_rtcp: Callable[[bytes], None],
    ) -> None:  # fmt: skip
        self.kind, self.clock_rate, self.ssrc = kind, clock_rate, ssrc
        self._codec, self._rtx, self._rtx_ssrc, self._send_time, self._send = codec, rtx, rtx_ssrc, send_time, send
        self._name, self._send_rtcp = name, send_rtcp
        self.source: Inbound | None = None
        self.held = False
        """True while nothing is forwarded, to spare a network that cannot take it."""
        self.packets = self.octets = 0
        self._fresh = True
        self._from = 0
        self._seq_shift = self._stamp_shift = 0
        self._seq = secrets.randbelow(0x7000)  # below 32768: receivers guess the roll-over counter by the first packet
        self._stamp = secrets.randbelow(0x7FFFFFFF)
        self._newest: Packet | None = None
        self._rtx_seq = secrets.randbelow(0x7000)
        self._reports: list[tuple[int, float]] = []
        self._resent_at, self._resent = 0.0, 0

    def attach(self, source: Inbound | None, now: float) -> None:
        """Take packets from this source from now on."""
        if self.source is source:
            return
        if self.source is not None:
            self.source.sinks = tuple(sink for sink in self.source.sinks if sink is not self)
        self.source, self._fresh = source, True
        if source is not None:
            source.sinks = (*source.sinks, self)
            source.request_keyframe(now)

    def hold(self, held: bool, now: float) -> None:  # noqa: FBT001 - hold(True) says it
        """Stop or go on forwarding."""
        self.held = held
        if not held:
            self._fresh = True
            if self.source is not None:
                self.source.request_keyframe(now)

    def forward(self, packet: Packet) -> None:
        """Send one packet of the source on."""
        seq, stamp, marker, payload, now = packet
        if self._fresh:
            if self.held or (self.kind == "video" and not rtp.starts_vp8_keyframe(payload)):
                return
            self._begin(seq, stamp, now)
        elif seq < self._from or self.held:
            return
        out = seq + self._seq_shift
        if out > self._seq:
            self._seq, self._newest = out, packet
        self.packets += 1
        self.octets += len(payload)
        stamp = (stamp + self._stamp_shift) & 0xFFFFFFFF
        if self._send_time is None:
            head = _PLAIN(0x80, marker | self._codec, out & 0xFFFF, stamp, self.ssrc)
        else:
            ticks = int(now * 262_144) & 0xFFFFFF  # seconds as 6.18 fixed point
            when = self._send_time << 28 | 2 << 24 | ticks
            head = _TIMED(0x90, marker | self._codec, out & 0xFFFF, stamp, self.ssrc, rtp.ONE_BYTE_PROFILE, 1, when)
        self._send(head, payload)

    def resend(self, wanted: list[int], now: float) -> None:
        """Send lost packets again (16-bit sequence numbers of ours), where the receiver speaks RTX.

        Never the same packet under the same number: the key stream must not be used twice.
        """
        if self._rtx is None or self.source is None or self._fresh:
            return
        if now - self._resent_at >= 1:
            self._resent_at, self._resent = now, 0
        for short in wanted[: RESENT - self._resent]:
            step = (self._seq - short) & 0xFFFF
            seq = self._seq - step - self._seq_shift
            kept = self.source.history[seq & _MASK]
            if kept is None or kept[0] != seq or seq < self._from:
                continue
            self._resent += 1
            self._rtx_seq += 1
            stamp = (kept[1] + self._stamp_shift) & 0xFFFFFFFF
            head = _PLAIN(0x80, kept[2] | self._rtx, self._rtx_seq & 0xFFFF, stamp, self._rtx_ssrc)
            self._send(head + (short & 0xFFFF).to_bytes(2, "big"), kept[3])

    def reported(self, ntp: int, stamp: int, now: float) -> None:
        """Send the source's report on in our time stamps, so that the receiver keeps sound and picture together."""
        if self._fresh or self.held:
            return
        self._reports = [*self._reports[1 - _PAST_REPORTS :], (ntp >> 16 & 0xFFFFFFFF, now)]
        out = (stamp + self._stamp_shift) & 0xFFFFFFFF
        self._send_rtcp(rtcp.sender(self.ssrc, ntp, out, self.packets, self.octets, self._name))

    def began_anew(self) -> None:
        """Another source sends from now on: its numbers and times go on where the last one's ended."""
        self._fresh = True

    def round_trip(self, last_report: int, delay: int, now: float) -> float | None:
        """Seconds to the receiver and back, from its report's LSR and DLSR (1/65536 s)."""
        for short, sent in self._reports:
            if short == last_report:
                return max(0.0, now - sent - delay / 65_536)
        return None

    def _begin(self, seq: int, stamp: int, now: float) -> None:
        self._fresh, self._from = False, seq
        self._seq_shift, passed = self._seq + 1 - seq, 0
        if self._newest is not None:
            _, newest, _, _, at = self._newest
            self._stamp, passed = newest + self._stamp_shift, int((now - at) * self.clock_rate)
        self._stamp_shift = self._stamp + max(passed, 1) - stamp
