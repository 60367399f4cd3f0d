"""Processor time per packet forwarded and recorded, against Janus 1.1.2 and stock aiortc under the same load, one after
the other in one run. Janus's videoroom records into .mjr dumps, which must be muxed later; ours is encrypted WebM.
"""

import json
import os
import shutil
import statistics
import sys
from dataclasses import asdict

import uvloop

from bench.rooms.janus import Janus
from bench.rooms.measure import Load, Server, Stretch, alone, undisturb_self, undisturbed
from bench.rooms.ours import Ours
from bench.rooms.stock import Stock

MANY = 20
SECONDS, ROUNDS = {1: 12.0, MANY: 6.0}, 3
"""How long a stretch is, by rooms, and how often each server is measured, by turns; the median counts."""
GOAL_JANUS, GOAL_STOCK = 1.0, 10.0


async def measure(server: type[Ours] | type[Janus] | type[Stock], rooms: int) -> Stretch:
    async with server(prefix=undisturbed()) as running:
        return await _measured(running, rooms)


async def _measured(running: Server, rooms: int) -> Stretch:
    load = Load(running)
    try:
        await load.grow(rooms)
        return await load.stretch(SECONDS[rooms])
    finally:
        await load.close()


async def main() -> None:
    undisturb_self()
    found: dict[str, list[Stretch]] = {}
    for rooms in (1, MANY):
        for server in (Ours, Janus) * ROUNDS:
            found.setdefault(f"{server.name} {rooms}", []).append(await measure(server, rooms))
    found["aiortc 1"] = [await measure(Stock, 1)]
    cost = {name: statistics.median(one.us_per_packet for one in runs) for name, runs in found.items()}
    ratios = {rooms: round(cost[f"portal {rooms}"] / cost[f"janus {rooms}"], 2) for rooms in (1, MANY)}
    stock = round(cost["aiortc 1"] / cost["portal 1"], 1)
    result = {
        "name": "rooms-cost",
        "figure": max(ratios.values()),
        "unit": "times",
        "against": "Debian's Janus 1.1.2 videoroom recording the same load, same run; the worse of 1 and 20 rooms",
        "goal": GOAL_JANUS,
        "met": max(ratios.values()) <= GOAL_JANUS and stock >= GOAL_STOCK,
        "ratio_1_room": ratios[1],
        "ratio_20_rooms": ratios[MANY],
        "times_less_than_stock_aiortc": stock,
        "goal_stock": GOAL_STOCK,
        "us_per_packet": cost,
        "machine_load": round(os.getloadavg()[0], 1),
        "runs": {name: [asdict(one) for one in runs] for name, runs in found.items()},
    }
    print(json.dumps(result))
    sys.exit(0 if result["met"] else 1)


if __name__ == "__main__":
    if shutil.which("janus") is None:
        sys.exit("install Debian's janus first: requirements/install-system system-bench.txt")
    alone("bench.rooms_cost")
    uvloop.run(main())
