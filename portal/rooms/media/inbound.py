"""A stream that arrives from one person: counts what is lost, asks for it again, and hands packets on."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from portal.rooms.media import rtp

HISTORY = 512
"""Packets kept for retransmission: about five seconds of video."""
_MASK = HISTORY - 1
_WRAP, _LEAP = 1 << 32, 1 << 26
_UNPACK = rtp.HEADER.unpack_from
_JUMP = 3000
"""A step of this many sequence numbers is a source that began anew, not a loss."""
_GAP = 256
"""Lost packets remembered at most; more at once means a dead link, for which a keyframe is the remedy."""
FAR = 0x8000
"""No packet of one source is so many numbers after the one before it."""
GIVE_UP = 1.0
"""Seconds after which a lost packet is not asked for again."""
RETRIES = 10
REPORTS = 4
"""Sender reports that are kept, some 20 s of sound."""
KEYFRAME_PAUSE = 0.5
"""Seconds between two requests for a keyframe."""

Packet = tuple[int, int, int, bytes, float]
"""Extended sequence number, extended time stamp, marker (0 or 128), payload, and arrival on the process's clock in
seconds. No class, since one is made for every packet."""


class Sink(Protocol):
    """Where packets go: another person's slot, or the recorder."""

    def forward(self, packet: Packet, /) -> None:
        """One packet."""

    def reported(self, ntp: int, stamp: int, now: float) -> None:
        """A sender report: at the source's time `ntp` (32.32 fixed point) belongs the time stamp."""

    def began_anew(self) -> None:
        """Another source sends from now on. Its numbers lie beyond `FAR` from those before."""


class Inbound:
    """One m-line's stream. `feedback` sends what is asked for: ("nack", [sequence numbers]) or ("pli", []).

    `repairs`: the sender sends lost packets again. Sound comes again under its own number.
    """

    def __init__(
        self,
        kind: str,
        clock_rate: int,
        codec: int,
        feedback: Callable[[str, list[int]], None],
        *,
        repairs: bool = True,
    ) -> None:
        self.kind, self.clock_rate, self.codec = kind, clock_rate, codec
        self._feedback = feedback
        self._repairs = repairs
        self.ssrc: int | None = None
        self.sinks: tuple[Sink, ...] = ()
        self.history: list[Packet | None] = [None] * HISTORY
        self.highest = -1
        """Extended sequence number of the newest packet; -1 before the first."""
        self._due = -1
        """The 16-bit sequence number after that; -1 before the first packet."""
        self._stamp, self._whole = 0, -1
        """The newest packet's time stamp, and the same extended beyond its wrap; -1 before the first packet."""
        self._base = 1 << 16
        """Added to a source's first number: leaves room for packets that come late, from before the first, and for all
        numbers of the sources before it."""
        self.first = 0
        self.received = 0
        self.jitter = 0.0
        self._transit: float | None = None
        self.missing: dict[int, list[float]] = {}
        """Lost packets: extended sequence number -> [first missed at, next try at, tries]."""
        self._timer: asyncio.TimerHandle | None = None
        self.keyframe_wanted = False
        self._asked = -KEYFRAME_PAUSE
        self._keyframe_timer: asyncio.TimerHandle | None = None
        self.retry = 0.05
        """Seconds between two requests for the same packet; follows the round-trip time."""
        self.sender_reports: deque[tuple[int, int, float]] = deque(maxlen=REPORTS)
        """The last pairs (NTP time 32.32, RTP time stamp) of this source with their arrivals, newest last."""
        self._counted = (0, 0)

    def restart(self, ssrc: int) -> None:
        """A new source sends in this m-line."""
        if self.highest >= 0:
            self._base = (self.highest >> 16) + 2 << 16
        self.ssrc, self.highest, self._due, self._transit = ssrc, -1, -1, None
        self.sender_reports.clear()
        self.received, self._counted = 0, (0, 0)
        self.history = [None] * HISTORY
        self._forget()
        for sink in self.sinks:
            sink.began_anew()

    def packet(self, data: rtp.Buffer, size: int, now: float) -> None:
        """One plain RTP packet of this stream, in the first bytes of `data`. Raises ValueError where it contradicts
        itself."""
        first, second, short, stamp, _ = _UNPACK(data)
        if first & 0x2F:  # padding or contributing sources, which browsers seldom send
            start, size = rtp.payload_bounds(data[:size])
        else:
            start = 16 + 4 * (data[14] << 8 | data[15]) if first & 0x10 else 12
        if start > size:
            raise ValueError("truncated packet")
        if short == self._due:  # the next one, as nearly always
            self.highest = seq = self.highest + 1
            self._due = (short + 1) & 0xFFFF
            if stamp != self._stamp:
                self._moment(stamp, now)
            whole = self._whole
        else:
            seq = self._extend(short)
            known = self.history[seq & _MASK]
            if known is not None and known[0] == seq:
                return  # a duplicate
            whole = self._out_of_turn(seq, stamp, now)
        payload = bytes(data[start:size])
        packet = seq, whole, second & 0x80, payload, now  # one for all: history, receivers and recorder
        self.history[seq & _MASK] = packet
        self.received += 1
        if self.keyframe_wanted and rtp.starts_vp8_keyframe(payload):
            self.keyframe_wanted = False
        for sink in self.sinks:
            sink.forward(packet)

    def request_keyframe(self, now: float) -> None:
        """Ask for a keyframe, and again every half second until one comes."""
        if self.kind != "video":
            return
        self.keyframe_wanted = True
        wait = self._asked + KEYFRAME_PAUSE - now
        if wait <= 0 and self.ssrc is not None:
            self._asked, wait = now, KEYFRAME_PAUSE
            self._feedback("pli", [])
        if self._keyframe_timer is None:
            self._keyframe_timer = asyncio.get_running_loop().call_later(max(wait, 0.02), self._keyframe_due)

    def _keyframe_due(self) -> None:
        self._keyframe_timer = None
        if self.keyframe_wanted and self.received:  # a camera that sends nothing has no keyframe to give
            self.request_keyframe(time.monotonic())

    def reported(self, ntp: int, stamp: int, now: float) -> None:
        """A sender report arrived."""
        self.sender_reports.append((ntp, stamp, now))
        for sink in self.sinks:
            sink.reported(ntp, stamp, now)

    def report(self) -> tuple[int, int]:
        """Fraction lost since the last report (of 256), and packets lost in all, as receiver reports say it."""
        expected = self.highest - self.first + 1 if self.highest >= 0 else 0
        before_expected, before_received = self._counted
        self._counted = expected, self.received
        due, came = expected - before_expected, self.received - before_received
        fraction = max(0, min(255, (due - came) * 256 // due)) if due > 0 else 0
        return fraction, max(0, min(expected - self.received, 0x7FFFFF))

    def close(self) -> None:
        """Ask for nothing any more, and let go of what is kept."""
        self.sinks, self.history = (), [None] * HISTORY
        self.keyframe_wanted = False
        if self._keyframe_timer is not None:
            self._keyframe_timer.cancel()
        self._forget()

    def _extend(self, short: int) -> int:
        if self.highest < 0:
            return short + self._base
        step = (short - self.highest) & 0xFFFF
        return self.highest + (step if step < 0x8000 else step - 0x10000)

    def _moment(self, stamp: int, now: float) -> None:
        """A newer packet of another time stamp: the packets of one picture leave one after the other, but moments of
        the source show jitter, counted over them as RFC 3550 does it over packets."""
        step = self._step(stamp)
        self._stamp, self._whole = stamp, self._whole + step
        transit = now * self.clock_rate - self._whole
        if self._transit is not None:
            late = abs(transit - self._transit)
            if late < _LEAP:
                self.jitter += (late - self.jitter) / 16
        self._transit = transit

    def _step(self, stamp: int) -> int:
        """From the newest packet's time stamp to this one."""
        step = (stamp - self._stamp) & 0xFFFFFFFF
        return step if step < 0x80000000 else step - 0x100000000

    def _out_of_turn(self, seq: int, stamp: int, now: float) -> int:
        """A packet after a gap, a late one, or the first. Gives its extended time stamp."""
        highest = self.highest
        if seq <= highest:
            self.missing.pop(seq, None)
            return self._whole + self._step(stamp)
        self.highest, self._due = seq, (seq + 1) & 0xFFFF
        if highest < 0:
            self.first = seq
            if self._whole < 0:
                self._stamp, self._whole = stamp, stamp + _WRAP
        else:
            self._miss(highest + 1, seq, now)
        if stamp != self._stamp:
            self._moment(stamp, now)
        return self._whole

    def _miss(self, start: int, end: int, now: float) -> None:
        if end - start > _JUMP:
            self.first, self.received, self._counted = end, 0, (0, 0)  # this packet is counted in a moment
            self._forget()
            self.request_keyframe(now)
            return
        if not self._repairs:
            return
        if len(self.missing) + end - start > _GAP:
            self._forget()
            self.request_keyframe(now)
            return
        lost = range(start, end)
        for seq in lost:
            self.missing[seq] = [now, now + self.retry, 1]
        self._feedback("nack", [seq & 0xFFFF for seq in lost])
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self.retry, self._again)

    def _again(self) -> None:
        """Ask once more for what is still missing; a packet that is given up calls for a keyframe."""
        now = time.monotonic()
        due: list[int] = []
        self._timer, lost = None, False
        for seq, state in list(self.missing.items()):
            missed, at, tries = state
            if now - missed > GIVE_UP or tries >= RETRIES:
                del self.missing[seq]
                lost = True
            elif now >= at - 0.005:
                due.append(seq & 0xFFFF)
                state[1], state[2] = now + self.retry, tries + 1
        if due:
            self._feedback("nack", due)
        if lost:
            self.request_keyframe(now)
        if self.missing:
            self._timer = asyncio.get_running_loop().call_later(self.retry, self._again)

    def _forget(self) -> None:
        self.missing.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
