"""Keeps a few processes running side by side, for `portal up`."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from types import FrameType

import click

from portal.settings import ROOT

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_POLL = 0.1
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_HEALTHY = 30.0
"""Seconds that a process must run to count as well again."""


class Fork:
    """A function in a process of its own, which begins with all that this one has read and made: a start in no time,
    and memory that both share. To be used as a Popen is.

    Before it, close every connection, and start no thread: a child has none of them.
    """

    def __init__(self, function: Callable[[], object]) -> None:
        # the child begins with our handlers, which would swallow a signal to it: it hears none until it has its own
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self._process = get_context("fork").Process(target=_alone, args=(function, heard))
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)

    @property
    def returncode(self) -> int | None:
        """0 where the function returned, what it gave to `sys.exit`, or the signal that killed it as -number."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The return code, or None while it lives."""
        return self.returncode

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """Make it end."""
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        """The return code. Raises subprocess.TimeoutExpired where it still lives after `timeout` seconds."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("a function", timeout or 0.0)
        return self.returncode


def _alone(function: Callable[[], object], heard: Iterable[signal.Signals | int]) -> None:
    """Hear signals as a new program does, not as the one that keeps it."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, heard)
    function()


@dataclass
class Child:
    """A process: a command, with its environment, or a function of this program.

    One that `returns` is started again when it ends; the end of another ends everything.
    """

    name: str
    command: Sequence[str] | Callable[[], object]
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    returns: bool = False
    process: "subprocess.Popen[bytes] | Fork | None" = None
    started: float = 0.0
    pause: float = _FIRST_PAUSE
    again_at: float | None = None

    def start(self) -> None:
        """Start it."""
        self.process, self.started, self.again_at = self._begin(), _now(), None

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

    def _begin(self) -> "subprocess.Popen[bytes] | Fork":
        if callable(self.command):
            return Fork(self.command)
        return subprocess.Popen(self.command, cwd=ROOT, env=self.environment)


def run(children: Sequence[Child]) -> int:
    """Run until one ends for good or we are told to stop; then end all. Gives the exit code."""
    told = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal told
        told = True

    for number in _SIGNALS:
        signal.signal(number, stop)
    for child in children:
        if not told:
            child.start()
    while not told and all(child.watch() for child in children):
        time.sleep(_POLL)
    for child in children:
        child.stop()
    for child in children:
        child.join(25)
    return 0 if told else 1


def _now() -> float:
    return time.monotonic()
