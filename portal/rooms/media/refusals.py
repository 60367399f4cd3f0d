"""What was refused: counted, and told to the log at most once a minute, so that a flood makes no noise in it."""

import logging
import time
from collections import Counter
from collections.abc import Callable

log = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds between two lines of the log."""
_ODD = frozenset({"bad_message", "unknown_type", "not_allowed", "not_admitted", "too_many"})
"""Codes of commands that no page of ours earns. The others tell somebody that she was too late, or not the first."""


class Refusals:
    """By code alone: no room, no person."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told_at: float | None = None
        self._untold: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()

    def request(self, code: str) -> None:
        """A ticket, an offer or a join was refused."""
        self.counts[code] += 1
        self._untold[code] += 1
        self.tell()

    def command(self, code: str) -> None:
        """A message over a data channel was refused."""
        if code in _ODD:
            self.request(code)

    def tell(self) -> None:
        """Write what was not told yet, unless the last line is too fresh. Call it every few seconds."""
        now = self._clock()
        if not self._untold or (self._told_at is not None and now - self._told_at < EVERY):
            return
        said = ", ".join(f"{code} {count}" for code, count in sorted(self._untold.items()))
        log.warning("refused: %s", said)
        self._told_at = now
        self._untold.clear()
