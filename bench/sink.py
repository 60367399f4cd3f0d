"""What the sink costs for each second of media, against writing the same bytes plainly and flushing them as often."""

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from portal.recordings import age
from portal.recordings.sink import Sink

SECONDS = 120
GOAL = 10.0
"""Milliseconds of processor time for a second of a person's media: a hundredth of a core."""
KEYS = 5
KINDS = {"camera": (1_000_000, 15), "voice": (32_000, 50)}
"""Bits per second, and packets per second."""


def main() -> None:
    recipients = [age.new_identity().recipient for _ in range(KEYS)]
    with tempfile.TemporaryDirectory() as name:
        figures = {kind: measure(Path(name) / kind, *what, recipients) for kind, what in KINDS.items()}
    camera = figures["camera"]
    result = {
        "name": "sink",
        "figure": camera["cpu_ms"],
        "unit": "ms of processor time for each second of a person's camera and voice at 1 Mbit/s",
        "against": "the same bytes written plainly, flushed to the disk twice a second, same run",
        "goal": GOAL,
        "met": camera["cpu_ms"] <= GOAL and max(one["over_media"] for one in figures.values()) <= 1.05,
        "keys": KEYS,
        **{f"{kind}_{name}": value for kind, found in figures.items() for name, value in found.items()},
    }
    print(json.dumps(result))
    sys.exit(0 if result["met"] else 1)


def measure(folder: Path, bits: int, packets: int, recipients: list[age.Recipient]) -> dict[str, float]:
    folder.mkdir()
    packet = random.Random(1).randbytes(bits // 8 // packets)
    sink = Sink.create(folder, "p1-1.webm", recipients)
    cpu, wall = timed(lambda: feed(packet, packets, sink.write, sink.tick))
    size = sink.close().bytes
    with (folder / "plain").open("wb", buffering=0) as file:
        last = [-1.0]

        def tick(now: float) -> None:
            if now - last[0] >= 0.5:
                last[0] = now
                os.fdatasync(file.fileno())

        plain_cpu, plain_wall = timed(lambda: feed(packet, packets, file.write, tick))
    return {
        "cpu_ms": round(cpu / SECONDS * 1000, 2),
        "plain_cpu_ms": round(plain_cpu / SECONDS * 1000, 2),
        "wall_ms": round(wall / SECONDS * 1000, 2),
        "plain_wall_ms": round(plain_wall / SECONDS * 1000, 2),
        "over_media": round(size / (len(packet) * packets * SECONDS), 4),
    }


def feed(packet: bytes, packets: int, write: Callable[[bytes], object], tick: Callable[[float], object]) -> None:
    for number in range(packets * SECONDS):
        write(packet)
        tick(number / packets)


def timed(act: Callable[[], object]) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    act()
    return time.process_time() - cpu, time.perf_counter() - wall


if __name__ == "__main__":
    main()
