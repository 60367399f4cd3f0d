"""Run as a program: writes invented media through a sink until it is killed, or until the disk refuses."""

import functools
import json
import os
import random
import resource
import signal
import struct
import sys
import time
from collections.abc import Callable
from mmap import mmap
from pathlib import Path

from portal.recordings import age
from portal.recordings.recovery import recover
from portal.recordings.sink import Sink, SinkFailed

NAME = "p1-1.webm"
AUDIO_MS = 20


def frame(number: int, *, video: bool) -> bytes:
    """20 ms of media at 32 kbit/s, or at about 1 Mbit/s, that says which one it is."""
    size = 80 if not video else (80, 80, 7500)[number % 3]
    return struct.pack(">Q", number) + random.Random(number).randbytes(size - 8)


def write(folder: Path, recipients: list[age.Recipient], handed: mmap, *, video: bool) -> None:
    sink = Sink.create(folder, NAME, recipients)
    number = 0
    while True:
        sink.write(frame(number, video=video))
        number += 1
        handed[:8] = struct.pack(">Q", number)
        sink.mark(number * AUDIO_MS / 1000)
        sink.tick(number * AUDIO_MS / 1000)


def tell(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")


def killed(act: Callable[[], object], moment: Callable[[], object]) -> None:
    """Do something in a process of its own, and kill that when the moment has come."""
    child = os.fork()
    if child == 0:
        try:
            act()
        finally:
            os._exit(1)
    moment()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def many(root: Path, runs: int, recipients: list[age.Recipient]) -> None:
    """Kill so many writers, and every third one's recovery as well. Tells what each had handed over."""
    chance = random.Random(20261124)
    for run in range(runs):
        folder, handed, video = root / f"{run:03}", mmap(-1, 8), run % 2 == 1
        folder.mkdir()
        act = functools.partial(write, folder, recipients, handed, video=video)
        killed(act, functools.partial(_moment, handed, chance.randrange(1000), chance.uniform(0, 0.002)))
        (count,) = struct.unpack(">Q", handed[:8])
        if run % 3 == 0:
            killed(functools.partial(recover, folder), functools.partial(time.sleep, chance.uniform(0, 0.004)))
        tell(folder=str(folder), handed=count, video=video)


def _moment(handed: mmap, frames: int, later: float) -> None:
    """Wait until so many frames were handed over, and a little more."""
    deadline = time.monotonic() + 60
    while struct.unpack(">Q", handed[:8])[0] < frames and time.monotonic() < deadline:
        time.sleep(0.0005)
    time.sleep(later)


def until_full(folder: Path, recipients: list[age.Recipient], largest: int) -> None:
    """Write until the disk refuses. Prints what the sink said."""
    if largest:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    sink, number, given = Sink.create(folder, NAME, recipients), 0, 0
    try:
        while number < 100_000:
            data = frame(number, video=True)
            number, given = number + 1, given + len(data)
            sink.write(data)
            sink.tick(number * AUDIO_MS / 1000)
    except SinkFailed as error:
        left = sorted(path.name for path in folder.iterdir())
        tell(handed=number, given=given, why=str(error), left=left)


if __name__ == "__main__":
    what, where, number = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    keys = [age.parse_recipient(one) for one in sys.argv[4:]]
    (many if what == "many" else until_full)(where, *((number, keys) if what == "many" else (keys, number)))
