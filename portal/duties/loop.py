"""The worker's loop: every duty is a query for work not yet done, and an act that may be repeated.

Duties stand in lines. Those of one line wait for each other; the lines go on side by side, so that a code to sign in
with does not wait until a recording is uploaded, or a backup made.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from portal.db.errors import StorageUnavailable

log = structlog.get_logger(__name__)
_PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class Line:
    """Duties that wait for each other."""

    name: str
    patience: float
    """Seconds that one of its duties may take before the worker counts as stuck."""


MAIN = Line("main", 600.0)
"""What takes a moment."""
ROOMS = Line("rooms", 600.0)
"""What somebody in a call waits for."""
RECEIPTS = Line("receipts", 1800.0)
"""What is printed, and waits for a time stamp."""
MESSAGES = Line("messages", 1800.0)
"""What waits for a mail server or a service for text messages."""
CALENDARS = Line("calendars", 1800.0)
"""What waits for other calendars on the network."""
RECORDINGS = Line("recordings", 6 * 3600.0)
"""What reads or moves whole recordings."""
UPKEEP = Line("upkeep", 6 * 3600.0)
"""What reads the whole portal."""


@dataclass(frozen=True)
class Duty:
    """Something to do again and again. `run` gives how much was done."""

    name: str
    every_seconds: float
    run: Callable[[], int]
    line: Line = MAIN


class LineDied(Exception):
    """The thread of a line ended although nobody asked for it."""


class Outcomes(Protocol):
    """Keeps how a duty's turn ended. Raises StorageUnavailable."""

    def __call__(self, duty: str, *, well: bool) -> None: ...


class Worker:
    """Runs duties in turn. One that fails is tried again in its next turn and holds up no other."""

    def __init__(self, duties: Sequence[Duty], beat: Callable[[], None], outcomes: Outcomes) -> None:
        self.duties = tuple(duties)
        self._beat = beat
        self._outcomes = outcomes
        self._known: dict[str, bool] = {}

    def run_once(self) -> None:
        """Every duty once, one after the other."""
        for duty in self.duties:
            self._turn(duty)

    def run(self, stop: threading.Event) -> None:
        """Until asked to stop; what is under way is finished.

        Raises LineDied where one of the lines has, so that whoever watches over the worker starts it again.
        """
        log.info("worker started", duties=[duty.name for duty in self.duties])
        lines = [
            _Running(line, [duty for duty in self.duties if duty.line == line], self._turn, stop)
            for line in dict.fromkeys(duty.line for duty in self.duties)
        ]
        for line in lines:
            line.start()
        while not stop.wait(_PAUSE_SECONDS):
            died = [line.name for line in lines if not line.is_alive()]
            if died and not stop.is_set():
                stop.set()
                raise LineDied(f"no more duties are done in {', '.join(died)}")
            if not any(line.stuck for line in lines):
                self._live()
        for line in lines:
            line.join()
        log.info("worker stopped")

    def _live(self) -> None:
        try:
            self._beat()
        except StorageUnavailable:
            log.warning("no sign of life could be left")

    def _turn(self, duty: Duty) -> None:
        try:
            done = duty.run()
        except Exception as error:  # noqa: BLE001 - see below
            # One duty's fault must not stop the others; it is logged and tried again in its next turn.
            log.error("duty failed", duty=duty.name, error=type(error).__name__)
            self._keep(duty.name, well=False)
        else:
            self._keep(duty.name, well=True)
            if done:
                log.info("duty done", duty=duty.name, count=done)

    def _keep(self, duty: str, *, well: bool) -> None:
        if self._known.get(duty) is well:
            return
        try:
            self._outcomes(duty, well=well)
            self._known[duty] = well
        except StorageUnavailable:
            log.warning("how a duty ended could not be kept", duty=duty)  # tried again after its next turn


class _Running(threading.Thread):
    """A line at work."""

    def __init__(
        self, line: Line, duties: Sequence[Duty], turn: Callable[[Duty], None], stop: threading.Event
    ) -> None:  # fmt: skip
        super().__init__(name=line.name)
        self._line, self._duties, self._take, self._stop_asked = line, duties, turn, stop
        self._due = dict.fromkeys((duty.name for duty in duties), 0.0)
        self._since: float | None = None

    @property
    def stuck(self) -> bool:
        """True where a duty takes too long."""
        since = self._since
        return since is not None and time.monotonic() - since > self._line.patience

    def run(self) -> None:
        """Until asked to stop."""
        while not self._stop_asked.wait(_PAUSE_SECONDS):
            for duty in self._duties:
                if time.monotonic() >= self._due[duty.name] and not self._stop_asked.is_set():
                    self._since = time.monotonic()
                    self._due[duty.name] = self._since + duty.every_seconds
                    self._take(duty)
                    self._since = None
