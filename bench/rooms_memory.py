"""Memory per recorded room, and whether it stays flat: rooms that only run, and people who leave and come back.

Two hours are not waited for: the run lasts `MINUTES`, and its slope is what is told.
"""

import asyncio
import json
import sys

import uvloop

from bench.rooms.measure import Load
from bench.rooms.ours import Ours

ROOMS = 10
MINUTES = 4
REJOINS = 40
SETTLE = 30
GOAL_MB_PER_ROOM, GOAL_SLOPE = 4.0, 1.0
"""Megabytes a room; and megabytes a minute over the whole process while ten rooms run."""


async def main() -> None:
    async with Ours() as ours:
        bare = ours.memory() / 1e6
        load = Load(ours)
        await load.grow(ROOMS)
        await asyncio.sleep(SETTLE)
        samples = [ours.memory() / 1e6]
        for _ in range(MINUTES * 6):
            await asyncio.sleep(10)
            samples.append(ours.memory() / 1e6)
        before = samples[-1]
        for _ in range(REJOINS):
            pair = await ours.room(1000)
            for client in pair:
                await client.close()
        await asyncio.sleep(20)  # connections that went without a word are given up
        after = ours.memory() / 1e6
        await load.close()
    half = len(samples) // 2
    slope = (sum(samples[half:]) / len(samples[half:]) - sum(samples[:half]) / half) / (MINUTES / 2)
    per_room = (samples[0] - bare) / ROOMS
    result = {
        "name": "rooms-memory",
        "figure": round(per_room, 2),
        "unit": "MB a room",
        "against": "the process without rooms",
        "goal": GOAL_MB_PER_ROOM,
        "met": per_room <= GOAL_MB_PER_ROOM and slope <= GOAL_SLOPE,
        "slope_mb_per_minute": round(slope, 3),
        "goal_slope": GOAL_SLOPE,
        "minutes": MINUTES,
        "rooms": ROOMS,
        "bare_mb": round(bare, 1),
        "rejoins": REJOINS,
        "mb_after_rejoins": round(after - before, 2),
    }
    print(json.dumps(result))
    sys.exit(0 if result["met"] else 1)


if __name__ == "__main__":
    uvloop.run(main())
