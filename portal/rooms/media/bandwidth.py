"""How much video a publisher may send, and to whom it is not sent for a while: sound goes on when picture cannot.

A publisher is asked for what the least of its receivers can take, but for no less than `FLOOR`: who cannot take even
that gets no picture for a while, instead of spoiling it for the others and for the recording.
"""

from dataclasses import dataclass

CAMERA = 1_500_000
SHARE = 2_500_000
"""Bits a second asked for where nobody's network says less."""
FLOOR = 150_000
SOUND = 50_000
"""Bits a second that a person's sound takes."""
LOSSY, LATE = 0.25, 1.0
"""Part of the packets lost, or seconds to the receiver and back, at which a receiver's picture is held..."""
BAD_REPORTS = 3
"""...when so many reports in a row say so."""
FALLS, OVER = 2, 1.3
"""The picture is held, too, when the estimate of what the receiver can take fell so often, is too low for any picture,
and so many times as much is sent."""
HOLD, LONGEST_HOLD = 5.0, 40.0
"""Seconds for which the picture is held; doubled each time it must be held again soon after."""


@dataclass
class Receiver:
    """What one person's network can take.

    Browsers estimate by what arrives: where little is sent, as with a camera off, the estimate is low and says nothing.
    Only one that falls speaks of the network. After a break it grows by itself while the least picture is tried.
    """

    estimate: int | None = None
    """Bits a second in all, from REMB; None until told."""
    falls: int = 0
    """How often the estimate has fallen since it last rose."""
    bad: int = 0
    """Bad reports in a row."""
    held_until: float | None = None
    hold: float = HOLD
    shown_since: float = 0.0

    def heard(self, estimate: int) -> None:
        """The receiver tells what it can take."""
        before = estimate if self.estimate is None else self.estimate
        if estimate < before:
            self.falls += 1
        elif estimate > before:
            self.falls = 0
        self.estimate = estimate

    def reported(self, fraction_lost: float, round_trip: float | None) -> None:
        """A receiver report about video; the round-trip time in seconds, where it tells one."""
        bad = fraction_lost > LOSSY or (round_trip is not None and round_trip > LATE)
        self.bad = self.bad + 1 if bad else 0

    def per_video(self, videos: int) -> int | None:
        """Bits a second for each of the videos that are shown to this person."""
        if self.estimate is None or videos == 0:
            return None
        return max(0, self.estimate - SOUND * videos) // videos

    def holds(self, videos: int, sent: float, now: float) -> bool:
        """True while no picture should be sent to this person. Call it about once a second; `sent` is what was sent to
        her since the last time, in bits a second."""
        if self.held_until is not None:
            if now < self.held_until:
                return True
            self._try_again(now)
            return False
        if self._crowded(videos, sent) or self.bad >= BAD_REPORTS:
            self.hold = min(self.hold * 2, LONGEST_HOLD) if now - self.shown_since < 2 * self.hold else HOLD
            self.held_until = now + self.hold
            return True
        return False

    def _crowded(self, videos: int, sent: float) -> bool:
        share = self.per_video(videos)
        if share is None or self.estimate is None:
            return False
        return share < FLOOR // 2 and self.falls >= FALLS and sent > OVER * self.estimate

    def _try_again(self, now: float) -> None:
        """With the least picture, until the estimate has grown."""
        self.held_until, self.falls, self.bad, self.shown_since = None, 0, 0, now
        if self.estimate is not None:
            self.estimate = 0


def allowed(most: int, receivers: list[int | None]) -> int:
    """What to ask a publisher for: bits a second, given what each receiver of it can take (None: not told)."""
    told = [one for one in receivers if one is not None]
    return max(FLOOR, min([most, *told]))
