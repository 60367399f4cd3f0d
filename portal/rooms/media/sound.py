"""Sound without holes: as long as it says it is, with true silence where none came."""

import math
from collections.abc import Callable, Sequence

from portal.rooms.media import webm

GAP_MS = 1_000
"""Silence of this length, put in for sound that did not come, is told."""
_OVERLAP_MS = 20.0
"""So much of what a frame says is there already: it is left out, since players play sound one after the other, whatever
its times say."""
_LATEST_MS = 40.0
"""A long frame is left out also where only so much of it is there: sound would be too late for the picture."""


class Sound:
    """Fills one file's sound. Times are milliseconds of the recording, and the file begins at `start`; `gap` is told
    from when to when none came."""

    def __init__(self, start: int, gap: Callable[[int, int], None]) -> None:
        self._gap = gap
        self._reached = float(start)
        self._last = start - 1
        self._silent_from: int | None = None

    def whole(self, frames: Sequence[webm.Frame], until: int) -> list[webm.Frame]:
        """The frames, with silence where none came up to `until`, and nothing twice."""
        filled: list[webm.Frame] = []
        for frame in frames:
            self._fill(filled, frame.ms)
            length = webm.opus_ms(frame.data)
            if self._reached - frame.ms >= min(max(length, _OVERLAP_MS), _LATEST_MS):
                continue
            if length:
                # Never back, where silence already stands at the moment of a frame that came late.
                late = frame.ms <= self._last
                self._add(filled, frame._replace(ms=self._last + 1) if late else frame, length)
                self._end_gap(frame.ms)
        self._fill(filled, until)
        return filled

    def end(self) -> None:
        """Nothing more comes."""
        self._end_gap(math.ceil(self._reached))

    def _fill(self, filled: list[webm.Frame], until: int) -> None:
        while until - self._reached >= webm.SILENCE_MS:
            at = math.ceil(self._reached)
            if self._silent_from is None:
                self._silent_from = at
            self._add(filled, webm.Frame(at, webm.AUDIO, key=True, data=webm.SILENCE), webm.SILENCE_MS)

    def _add(self, filled: list[webm.Frame], frame: webm.Frame, length: float) -> None:
        filled.append(frame)
        self._last = frame.ms
        self._reached += length

    def _end_gap(self, until: int) -> None:
        start, self._silent_from = self._silent_from, None
        if start is not None and until - start >= GAP_MS:
            self._gap(start, until)
