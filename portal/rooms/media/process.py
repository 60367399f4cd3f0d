"""The media process: sockets, rooms, control interface, and an orderly end."""

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aioice.ice
import uvloop
from aiohttp import web

from portal.clock import now as wall_clock
from portal.rooms.media import control, wire
from portal.rooms.media.dtls import Identity
from portal.rooms.media.house import House, Place
from portal.rooms.media.journal import Journals
from portal.rooms.tickets import load_or_make_key
from portal.settings import Settings, SettingsError

log = logging.getLogger(__name__)

SWEEP_EVERY = 5.0
COLLECT_AFTER, COLLECT_EVERY = 50, 1800.0
"""Connections, and seconds, after which what closed connections left behind is looked for: 0.2 MB each. Nothing is
forwarded meanwhile, with 60 rooms for some 60 ms, so it waits for many or until nobody is here."""
SWITCH = 0.002
"""Seconds after which a thread that writes recordings must let the event loop have its turn, and the event loop such a
thread. Each lets the other in far sooner by itself, wherever it waits for the system; to be forced costs both."""
_M_ARENA_MAX = -8
"""glibc's name for the number of heaps, in malloc.h."""


@dataclass(frozen=True)
class Options:
    """What the media process takes from the settings."""

    instance: Path
    key: bytes
    listen: str
    addresses: tuple[str, ...]
    bind_any: bool
    ports: range

    @classmethod
    def of(cls, settings: Settings) -> "Options":
        """Read and check. Raises SettingsError."""
        named = tuple(one.strip() for one in settings.media_addresses.split(",") if one.strip())
        local = settings.public_url.startswith(("http://127.0.0.1", "http://localhost"))
        path = settings.instance / "keys" / "rooms.key"
        return cls(
            settings.instance,
            settings.rooms_key.encode("ascii") if settings.rooms_key else load_or_make_key(path),
            settings.media_listen, named or own_addresses(loopback=local), bool(named), ports(settings.media_ports),
        )  # fmt: skip


def ports(text: str) -> range:
    """`0`, `40000` or `40000-40009` as a range. Raises SettingsError."""
    first, dash, last = text.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise SettingsError(f"PORTAL_MEDIA_PORTS must be a port or a range such as 40000-40009, not {text!r}")
    start, end = int(first), int(last or first)
    if not start <= end <= 65_535:
        raise SettingsError("PORTAL_MEDIA_PORTS must run from a lower port to a higher one, at most 65535")
    return range(start, end + 1)


def own_addresses(*, loopback: bool) -> tuple[str, ...]:
    """This machine's addresses; with the loopback address where the portal itself is reached there."""
    found = [one for one in aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True) if not one.startswith("fe80")]
    return (*found, "127.0.0.1") if loopback or not found else tuple(found)


def main(settings: Settings) -> None:
    """Run until told to stop by SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.WARNING, format="media: %(message)s", stream=sys.stderr)
    options = Options.of(settings)
    share_one_heap()
    sys.setswitchinterval(SWITCH)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(options))


def share_one_heap() -> None:
    """Let all threads take memory from one heap. glibc gives each a heap of its own, which keeps what it once grew by:
    every recorder's heap then grows to the size of the largest batch. The interpreter's lock serialises them anyhow.
    """
    with contextlib.suppress(AttributeError):  # another C library has only one
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


async def _serve(options: Options) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with serving(options):
        gc.collect()
        gc.freeze()  # what is here stays: collections need not look at it again
        gc.disable()  # it would look through all new packets, again and again, for milliseconds each; see `_sweep`
        await stop.wait()


@contextlib.asynccontextmanager
async def serving(options: Options) -> AsyncIterator[House]:
    """The whole process's work, for as long as the block lasts."""
    any_address = {"0.0.0.0", "::"} if any(":" in one for one in options.addresses) else {"0.0.0.0"}  # noqa: S104 - NAT
    sockets = wire.open_sockets(sorted(any_address) if options.bind_any else options.addresses, options.ports)
    port = sockets[0].getsockname()[1]
    line = wire.Wire(sockets)
    journals = Journals(options.instance / "rooms", wall_clock)
    place = Place(line, Identity(), tuple((one, port) for one in options.addresses))
    house = House(place, options.key, journals, options.instance / "vault", wall_clock)
    runner = await _control(house, options)
    line.start()
    sweeping = asyncio.create_task(_sweep(house))
    try:
        yield house
    finally:
        sweeping.cancel()
        await runner.cleanup()
        await house.close()
        line.close()
        journals.close()


async def _sweep(house: House) -> None:
    collected, joins = time.monotonic(), 0
    while True:
        await asyncio.sleep(SWEEP_EVERY)
        now = time.monotonic()
        house.sweep(now)
        if worth_collecting(house.joins - joins, now - collected, nobody=house.connected == 0):
            collected, joins = now, house.joins
            gc.collect()


def worth_collecting(joins: int, seconds: float, *, nobody: bool) -> bool:
    """Whether to look for what closed connections left behind: after so many joins and seconds since the last time.
    Nothing else that the process does all the time leaves objects that keep each other alive."""
    return joins >= COLLECT_AFTER or (joins > 0 and nobody) or seconds >= COLLECT_EVERY


async def _control(house: House, options: Options) -> web.AppRunner:
    secret = options.key.decode("ascii") if options.listen else None
    runner = web.AppRunner(control.application(house, secret=secret), access_log=None)
    await runner.setup()
    if options.listen:
        host, _, port = options.listen.rpartition(":")
        if not host or not port.isdecimal():
            raise SettingsError("PORTAL_MEDIA_LISTEN must be host:port")
        await web.TCPSite(runner, host, int(port)).start()
    else:
        path = options.instance / "media.sock"
        before = os.umask(0o177)
        try:
            await web.UnixSite(runner, str(path)).start()
        finally:
            os.umask(before)
    return runner
