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
LOSSY = 0.25
"""Part of the packets lost, at which a receiver's picture is held..."""
LOSSY_REPORTS = 3
"""...when so many reports in a row say so."""
HOLD = 8.0
LONGEST_HOLD = 64.0
"""Seconds for which the picture is held; doubled each time it must be held again soon after."""


@dataclass
class Receiver:
    """What one person's network can take."""

    estimate: int | None = None
    """Bits a second in all, from REMB; None until told."""
    lossy: int = 0
    held_until: float | None = None
    hold: float = HOLD
    shown_since: float = 0.0

    def heard(self, estimate: int) -> None:
        """The receiver tells what it can take."""
        self.estimate = estimate

    def lost(self, fraction: float) -> None:
        """A receiver report about video."""
        self.lossy = self.lossy + 1 if fraction > LOSSY else 0

    def per_video(self, videos: int) -> int | None:
        """Bits a second for each of the videos that are shown to this person."""
        if self.estimate is None or videos == 0:
            return None
        return max(0, self.estimate - SOUND * videos) // videos

    def holds(self, videos: int, now: float) -> bool:
        """True while no picture should be sent to this person. Call it about once a second."""
        if self.held_until is not None:
            if now < self.held_until:
                return True
            self.held_until, self.estimate, self.lossy, self.shown_since = None, None, 0, now
            return False
        share = self.per_video(videos)
        if (share is not None and share < FLOOR // 2) or self.lossy >= LOSSY_REPORTS:
            self.hold = min(self.hold * 2, LONGEST_HOLD) if now - self.shown_since < 2 * self.hold else HOLD
            self.held_until = now + self.hold
            return True
        return False


def allowed(most: int, receivers: list[int | None]) -> int:
    """What to ask a publisher for: bits a second, given what each receiver of it can take (None: not told)."""
    told = [one for one in receivers if one is not None]
    return max(FLOOR, min([most, *told]))
