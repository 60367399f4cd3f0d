"""Time in a recording: from RTP time stamps to the recording's clock, sound and picture of a person together.

A sender report says which of the sender's time stamps belongs to which moment of the sender's own clock. That ties her
sound to her picture. Her clock is tied to ours by the fastest report of the last minute: what is least late tells most.
Corrections come slowly, so that nothing jumps, but where a source began anew.
"""

import math
from collections import deque
from collections.abc import Sequence

from portal.rooms.media.inbound import REPORTS, Packet

_WINDOW = 60.0
_SETTLE = 3.0
"""Seconds at the start during which the person's clock is corrected at once."""
_SLEW = 0.005
"""Seconds of correction per second, at most."""
_STEP = 0.5
"""A difference of so many seconds is no drift: the source began anew."""
_SLIP = 0.1
"""Seconds by which time stamps that stood still while nothing was sent are behind afterwards, at least: the next report
tells by how much, and is followed at once."""
EARLY, LATE = 1.0, 5.0
"""Seconds by which a frame may be timed after its arrival (where the network has just become faster), or before. Beyond
that its source began anew without saying so: a phone that was locked, a broken browser, or one that means ill. Where
only the frame is so late, and not what came last, the network stood still and then gave everything at once."""
_UNTRUE = 0.04
"""A track's own excess over what can be, in seconds, that is no jitter but a wrong report."""
_WRAP, _HALF = 1 << 32, 1 << 31


def ntp_seconds(ntp: int) -> float:
    """A 32.32 fixed-point time as seconds."""
    return ntp / _WRAP


class PersonClock:
    """How a person's clock stands to ours. `since`: when her part begins, which may be after her first reports."""

    def __init__(self, since: float = -math.inf) -> None:
        self._heard: deque[tuple[float, float]] = deque()
        self._since = since
        self._last = 0.0
        self._offset: float | None = None

    @property
    def offset(self) -> float | None:
        """What to add to her time to get ours, in seconds; None before the first report."""
        return self._offset

    @property
    def known(self) -> float:
        """How many seconds the first and the last report that are known lie apart."""
        moments = [arrived for arrived, _ in self._heard]
        return max(moments, default=0.0) - min(moments, default=0.0)

    def heard(self, ntp: int, arrived: float) -> None:
        """A sender report of any of her streams arrived, at our time. One of long before the newest tells nothing."""
        if arrived < self._last - _WINDOW:
            return
        late = arrived - ntp_seconds(ntp)
        other = self._offset is not None and abs(late - self._offset) > 10  # she set her clock, or another device
        if other:
            self._heard.clear()
        if other or self._offset is None:
            self._since = max(self._since, arrived)
        self._heard.append((arrived, late))
        while self._heard[0][0] < arrived - _WINDOW:
            self._heard.popleft()
        target = min(one for _, one in self._heard)
        if self._offset is None or arrived - self._since < _SETTLE:
            self._offset = target
        else:
            self._offset = _toward(self._offset, target, _SLEW * max(0.0, arrived - self._last))
        self._last = max(self._last, arrived)

    def lower(self, by: float) -> None:
        """Every report was later than the packets by so many seconds: what they say counts like a faster report."""
        if self._offset is not None and by > 0:
            self._offset -= by
            self._heard.append((self._last, self._offset))


class TrackClock:
    """One stream's time stamps. Times are our seconds.

    Browsers stamp sound when they send it: on a crowded machine a report is late (by 9 ms at a load of 12, measured),
    and none is early. So the least late of the last ones counts here as well.
    """

    def __init__(self, rate: int, person: PersonClock) -> None:
        self._rate, self._person = rate, person
        self._stamp: int | None = None
        self._early: list[tuple[int, int]] = []
        self._arrival: float | None = None
        self._told: deque[float] = deque(maxlen=REPORTS)
        self._report: float | None = None
        """The sender's time at the time stamp 0."""
        self._used: float | None = None
        self._doubted: float | None = None
        """When it went on after its time stamps may have stood still; None once a report has told."""
        self._last = self._lateness = 0.0
        self._newest = 0.0, 0.0
        """The time stamp, in seconds, and the arrival of the packet that came last."""

    @property
    def tied(self) -> bool:
        """True when a sender report has tied this stream to the person's clock, and nothing makes that doubtful."""
        return self._report is not None and self._person.offset is not None and self._doubted is None

    @property
    def doubtful(self) -> bool:
        """True after a pause in which the time stamps may have stood still, until a report tells."""
        return self._doubted is not None

    @property
    def fresh(self) -> bool:
        """True until a first time was told."""
        return self._used is None

    @property
    def ahead(self) -> float:
        """By how many seconds a packet would be timed after its own arrival; below 0 where none would be."""
        if self._report is None or self._person.offset is None or self._arrival is None:
            return -math.inf
        return self._report + self._person.offset - self._arrival

    def settle(self) -> None:
        """Correct a report by which a packet was taken after it arrived."""
        ahead = self.ahead
        if self._report is not None and ahead > _UNTRUE:
            self._report -= ahead
            self._told.append(self._report)

    def stood_still(self, packets: Sequence[Packet]) -> int | None:
        """Which of these packets, which come next, is the first after a pause in which the time stamps seem to have
        stood still: a browser whose microphone is changed does so. None where all go on as they should. A network that
        stands still looks so too, until it gives what it held back.
        """
        stamp, arrived = self._newest
        _, last, _, _, came = packets[-1]
        if self._used is None or came - last / self._rate - (arrived - stamp) <= _SLIP:
            return None
        for at, (_, last, _, _, came) in enumerate(packets):
            if came - arrived > _SLIP and came - arrived - (last / self._rate - stamp) > _SLIP:
                return at
            stamp, arrived = last / self._rate, came
        return None

    def doubt(self, since: float) -> None:
        """What was known of its time may be untrue for what has come since this moment."""
        self._doubted = since

    def came(self, packets: Sequence[Packet]) -> None:
        """Packets, as they arrived."""
        if self._stamp is None:
            self._first(packets[0][1])
        _, self._stamp, _, _, arrived = packets[-1]
        self._newest = self._stamp / self._rate, arrived
        if self._used is None or self._report is None:
            for _, stamp, _, _, arrived in packets:
                self._arrived(stamp, arrived)

    def _first(self, stamp: int) -> None:
        self._stamp = stamp
        for report in self._early:
            self.reported(*report)

    def _slipped(self, told: float, arrived: float) -> bool:
        """Whether this report, the first after a pause, tells that the time stamps stood still in it."""
        if self._doubted is None or arrived < self._doubted:
            return False
        self._doubted = None
        return self._report is not None and told - self._report > _SLIP

    def _arrived(self, stamp: int, at: float) -> None:
        """A packet of this extended time stamp arrived: until a report comes the best guess, and then a bound."""
        late = at - stamp / self._rate
        if self._arrival is None or late < self._arrival or late - self._arrival > _STEP:
            self._arrival = late

    def reported(self, ntp: int, stamp: int, arrived: float = math.inf) -> None:
        """A sender report's pair (the stamp of 32 bits)."""
        if self._stamp is None:  # no packet yet to tell how often the stamps have wrapped
            self._early = [*self._early[1 - REPORTS :], (ntp, stamp)]
            return
        step = (stamp - self._stamp) & (_WRAP - 1)
        whole = self._stamp + (step if step < _HALF else step - _WRAP)
        told = ntp_seconds(ntp) - whole / self._rate
        if self._slipped(told, arrived):
            self._told.clear()
            self._used = self._arrival = None
        if self._report is None or abs(told - self._report) > _STEP:
            self._told.clear()
        self._told.append(told)
        self._report = min(self._told)

    def time(self, stamp: int, arrived: float) -> float:
        """Our time of an extended time stamp that arrived then. Call it in order: the correction creeps along."""
        at = stamp / self._rate
        if self._report is not None and self._person.offset is not None:
            target = self._report + self._person.offset
        else:
            target = self._arrival or 0.0
        if self._used is None or abs(target - self._used) > _STEP:
            self._used = target
        else:
            self._used = _toward(self._used, target, _SLEW * max(0.0, at - self._last))
        self._last = max(self._last, at)
        ahead = self._ahead(at, arrived)
        if ahead >= EARLY or (ahead <= -LATE and self._ahead(*self._newest) <= -LATE):
            self._begin_anew(at, arrived)
        self._lateness = arrived - at - self._used
        return at + self._used

    def _begin_anew(self, at: float, arrived: float) -> None:
        """What was known of this stream's time is of no use now: what came last is as late as the packets before."""
        usual = max(0.0, self._lateness)
        newest, came = self._newest
        self._used = came - newest - usual
        if self._ahead(at, arrived) >= EARLY:
            self._used = arrived - at - usual
        self._arrival, self._last, self._report = self._used, at, None

    def _ahead(self, at: float, arrived: float) -> float:
        return at + (self._used or 0.0) - arrived


def _toward(value: float, target: float, most: float) -> float:
    return value + max(-most, min(most, target - value))
