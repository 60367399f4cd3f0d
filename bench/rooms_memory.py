"""Memory per recorded room, and whether it stays flat: rooms that only run, and people who leave and come back.

Two hours are not waited for. After the process has settled (buffers, histories and heap reach their size), a straight
line is laid through `MINUTES` of samples; what it comes to in two hours is told as an extrapolation, with its error.
The heap grows by 2 MB at a time (docs/adr/0013): in a few minutes one such step would look like a slope.
"""

import asyncio
import json
import math
import statistics
import sys

import uvloop

from bench.rooms.measure import Load, undisturb_self, undisturbed
from bench.rooms.ours import Ours

ROOMS = 10
MINUTES, SAMPLE_EVERY = 28, 5
REJOINS = 40
SETTLE = 100
"""Seconds until what grows only at first has grown."""
GONE_AFTER = 20
"""Seconds after which connections that went without a word are given up."""
TWO_HOURS = 120
GOAL_MB_PER_ROOM, GOAL_GROWTH = 4.0, 20.0
"""Megabytes a room; and megabytes that the whole process grows by in two hours while ten rooms run."""


def line(samples: list[float]) -> tuple[float, float]:
    """Slope of the line through the samples, and its standard error, in MB a minute."""
    minutes = [at * SAMPLE_EVERY / 60 for at in range(len(samples))]
    slope, start = statistics.linear_regression(minutes, samples)
    middle = statistics.mean(minutes)
    errors = sum((mb - start - slope * at) ** 2 for at, mb in zip(minutes, samples, strict=True))
    return slope, math.sqrt(errors / (len(samples) - 2) / sum((at - middle) ** 2 for at in minutes))


async def sampled(ours: Ours) -> list[float]:
    samples = [ours.memory() / 1e6]
    for _ in range(MINUTES * 60 // SAMPLE_EVERY):
        await asyncio.sleep(SAMPLE_EVERY)
        samples.append(ours.memory() / 1e6)
    return samples


async def main() -> None:
    undisturb_self()
    async with Ours(prefix=undisturbed()) as ours:
        bare = ours.memory() / 1e6
        load = Load(ours)
        await load.grow(ROOMS)
        await asyncio.sleep(SETTLE)
        samples = await sampled(ours)
        for _ in range(REJOINS):
            for client in await ours.room(1000):
                await client.close()
        await asyncio.sleep(GONE_AFTER)
        after = ours.memory() / 1e6
        await load.close()
    slope, error = line(samples)
    per_room = (samples[0] - bare) / ROOMS
    result = {
        "name": "rooms-memory",
        "figure": round(per_room, 2),
        "unit": "MB a room",
        "against": "the process without rooms",
        "goal": GOAL_MB_PER_ROOM,
        "met": per_room <= GOAL_MB_PER_ROOM and slope * TWO_HOURS <= GOAL_GROWTH,
        "growth_mb_in_two_hours_extrapolated": round(slope * TWO_HOURS, 1),
        "growth_standard_error_mb": round(error * TWO_HOURS, 1),
        "goal_growth": GOAL_GROWTH,
        "slope_mb_per_minute": round(slope, 3),
        "measured_minutes": MINUTES,
        "settled_seconds": SETTLE,
        "rooms": ROOMS,
        "bare_mb": round(bare, 1),
        "each_minute_mb": [round(one, 1) for one in samples[:: 60 // SAMPLE_EVERY]],
        "rejoins": REJOINS,
        "mb_after_rejoins": round(after - samples[-1], 2),
    }
    print(json.dumps(result))
    sys.exit(0 if result["met"] else 1)


if __name__ == "__main__":
    uvloop.run(main())
