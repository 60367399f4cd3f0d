"""Keeps a few processes running side by side, for `portal up`."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

import click

from portal.settings import ROOT

_POLL = 0.1
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_HEALTHY = 30.0
"""Seconds that a process must run to count as well again."""


@dataclass
class Child:
    """A process. One that `returns` is started again when it ends; the end of another ends everything."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    returns: bool = False
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    pause: float = _FIRST_PAUSE
    again_at: float | None = None

    def start(self) -> None:
        """Start it."""
        self.process, self.started, self.again_at = (
            subprocess.Popen(self.command, cwd=ROOT, env=self.environment),
            _now(),
            None,
        )

    def watch(self) -> bool:
        """Start it again where that is due. False where it ended for good."""
        if self.process is None or self.process.poll() is None:
            return True
        if not self.returns:
            return False
        if self.again_at is None:
            self.pause = _FIRST_PAUSE if _now() - self.started > _HEALTHY else min(self.pause * 2, _LONGEST_PAUSE)
            self.again_at = _now() + self.pause
            click.echo(f"portal: {self.name} ended with {self.process.returncode} and is started again", err=True)
        elif _now() >= self.again_at:
            self.start()
        return True

    def stop(self) -> None:
        """Ask it to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def join(self, seconds: float) -> None:
        """Wait for its end, and make it end if it does not."""
        if self.process is None:
            return
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run(children: Sequence[Child]) -> int:
    """Run until one ends for good or we are told to stop; then end all. Gives the exit code."""
    told = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal told
        told = True

    for child in children:
        child.start()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not told and all(child.watch() for child in children):
        time.sleep(_POLL)
    for child in children:
        child.stop()
    for child in children:
        child.join(25)
    return 0 if told else 1


def _now() -> float:
    return time.monotonic()
