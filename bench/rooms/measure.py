"""A measured stretch: the same for every server."""

import asyncio
import os
import shutil
import sys
import time
from dataclasses import dataclass
from typing import Protocol

from bench.rooms.client import Client, pump

ADDRESS = "10.77.0.1"


class Server(Protocol):
    """What is measured."""

    async def room(self, number: int) -> list[Client]:
        """A room of two who send and see each other, recorded."""

    def cpu(self) -> float:
        """Seconds of processor time so far."""

    def memory(self) -> int:
        """Resident bytes."""


@dataclass(frozen=True)
class Stretch:
    """What a stretch came to."""

    rooms: int
    sent: int
    received: int
    gaps: int
    cpu_percent: float
    us_per_packet: float
    delay_ms: tuple[float, float]
    """Median and 99th percentile."""
    load_percent: float
    """Of one core, by the load generator itself."""
    memory_mb: float


class Load:
    """Rooms that send all the time, more of them whenever asked."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.clients: list[Client] = []
        self.rooms = 0
        self._pump = asyncio.create_task(pump(self.clients, float("inf")))

    async def grow(self, rooms: int) -> None:
        """Open rooms until there are so many."""
        while self.rooms < rooms:
            joined = await asyncio.wait_for(self._server.room(self.rooms), 60)
            now = time.monotonic()
            for at, client in enumerate(joined[:2]):  # further ones only watch
                client.begin(now + (self.rooms * 0.0137 + at * 0.007) % 0.033)
            self.clients += joined
            self.rooms += 1

    async def stretch(self, seconds: float, *, settle: float = 3.0) -> Stretch:
        """Let it run and count."""
        await asyncio.sleep(settle)
        for client in self.clients:
            client.counts.sent = client.counts.received = client.counts.gaps = 0
            client.counts.delays.clear()
        used, own, began = self._server.cpu(), time.process_time(), time.monotonic()
        await asyncio.sleep(seconds)
        took = time.monotonic() - began
        used = self._server.cpu() - used
        counts = [client.counts for client in self.clients]
        received = sum(one.received for one in counts)
        told = [
            delay for one in counts for delay in one.delays if 0 <= delay < 10
        ]  # who re-encodes keeps no time stamps
        delays = sorted(delay * 1000 for delay in told) or [0.0]
        return Stretch(
            self.rooms, sum(one.sent for one in counts), received, sum(one.gaps for one in counts),
            round(100 * used / took, 1), round(used / max(received, 1) * 1e6, 1),
            (round(delays[len(delays) // 2], 2), round(delays[int(len(delays) * 0.99)], 2)),
            round(100 * (time.process_time() - own) / took, 1), round(self._server.memory() / 1e6, 1),
        )  # fmt: skip

    async def close(self) -> None:
        """Stop sending and go."""
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)
        for client in self.clients:
            await client.close()


def undisturbed() -> tuple[str, ...]:
    """What to put before a server's command so that other work disturbs it little, where we may."""
    return ("chrt", "-r", "10") if os.geteuid() == 0 and shutil.which("chrt") else ()


def undisturb_self() -> None:
    """The same for this process, which sends and measures."""
    if os.geteuid() == 0:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))


def alone(module: str) -> None:
    """Run this benchmark in a network of its own. Its one address beside the loopback is for Janus and aioice, which
    pass the loopback over. Comes back inside it; needs root.
    """
    if os.environ.get("BENCH_ALONE"):
        return
    steps = (
        "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6",
        "ip link set lo up",
        "ip link add own type veth peer name end",
        f"ip addr add {ADDRESS}/24 dev own",
        "ip link set end up",
        "ip link set own up",
        f"exec {sys.executable} -m {module}",
    )
    os.environ |= {"BENCH_ALONE": "yes", "BENCH_ADDRESS": ADDRESS}
    os.execvp("unshare", ["unshare", "--net", "sh", "-ec", "; ".join(steps)])
