"""Processor time per packet forwarded and recorded, against Janus 1.1.2 and stock aiortc under the same load, one after
the other in one run. Janus's videoroom records into .mjr dumps, which must be muxed later; ours is encrypted WebM.
"""

import json
import shutil
import sys
from dataclasses import asdict

import uvloop

from bench.rooms.janus import Janus
from bench.rooms.measure import Load, Server, Stretch, alone, undisturb_self, undisturbed
from bench.rooms.ours import Ours
from bench.rooms.stock import Stock

SECONDS = 10.0
MANY = 20
GOAL_JANUS, GOAL_STOCK = 1.0, 10.0


async def measure(server: type[Ours] | type[Janus] | type[Stock], rooms: int) -> Stretch:
    async with server(prefix=undisturbed()) as running:
        return await _measured(running, rooms)


async def _measured(running: Server, rooms: int) -> Stretch:
    load = Load(running)
    try:
        await load.grow(rooms)
        return await load.stretch(SECONDS)
    finally:
        await load.close()


async def main() -> None:
    undisturb_self()
    found = {}
    for rooms in (1, MANY):
        for server in (Ours, Janus):
            found[f"{server.name} {rooms}"] = await measure(server, rooms)
    found["aiortc 1"] = await measure(Stock, 1)
    cost = {name: one.us_per_packet for name, one in found.items()}
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
        "runs": {name: asdict(one) for name, one in found.items()},
    }
    print(json.dumps(result))
    sys.exit(0 if result["met"] else 1)


if __name__ == "__main__":
    if shutil.which("janus") is None:
        sys.exit("install Debian's janus first: requirements/install-system system-bench.txt")
    alone("bench.rooms_cost")
    uvloop.run(main())
