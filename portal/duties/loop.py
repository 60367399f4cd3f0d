"""The worker's loop: every duty is a query for work not yet done, and an act that may be repeated."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from portal.db.errors import StorageUnavailable

log = structlog.get_logger(__name__)
_PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class Duty:
    """Something to do again and again. `run` gives how much was done."""

    name: str
    every_seconds: float
    run: Callable[[], int]


class Outcomes(Protocol):
    """Keeps how a duty's turn ended. Raises StorageUnavailable."""

    def __call__(self, duty: str, *, well: bool) -> None: ...


class Worker:
    """Runs duties in turn. One that fails is tried again in its next turn and holds up no other."""

    def __init__(self, duties: tuple[Duty, ...], beat: Callable[[], None], outcomes: Outcomes) -> None:
        self._duties = duties
        self._beat = beat
        self._outcomes = outcomes
        self._known: dict[str, bool] = {}
        self._due = dict.fromkeys((duty.name for duty in duties), 0.0)

    def run_once(self) -> None:
        """Every duty once."""
        for duty in self._duties:
            self._turn(duty)

    def run(self, stop: threading.Event) -> None:
        """Until asked to stop."""
        log.info("worker started", duties=[duty.name for duty in self._duties])
        while not stop.wait(_PAUSE_SECONDS):
            self._live()
            for duty in self._duties:
                if time.monotonic() >= self._due[duty.name]:
                    self._due[duty.name] = time.monotonic() + duty.every_seconds
                    self._turn(duty)
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
