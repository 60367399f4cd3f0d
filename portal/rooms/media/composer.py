"""From what happened to what is to be written: the packets of everybody in a recording become clusters.

Runs on the event loop, in pieces of well under a millisecond between which packets are forwarded; where a disk was slow
for 10 s, what came from a person meanwhile takes some milliseconds. In a thread, the same work costs the process a
seventh more of the processor (`bench.rooms_cost`), since the interpreter's lock then changes hands at nearly every
packet. Only what may wait for a disk is left to a thread (`writer.py`).
"""

import asyncio
from collections.abc import Sequence

from portal.rooms.media.part import AUDIO, VIDEO, Part
from portal.rooms.media.recorded import (
    Begin,
    Close,
    Cluster,
    Event,
    Index,
    Media,
    Open,
    Order,
    Release,
    Renewed,
    Report,
    Take,
    Tell,
)
from portal.rooms.tickets import Role

_AT_A_STRETCH = 200
"""Packets that are looked at before others have their turn: more than the wire reads of a socket meanwhile
(`wire.BURSTS`), so that a process with too much to do does not fall behind with its recordings first."""


class Composer:
    """One recording's parts. `origin` is where its clock is 0, in seconds of the process's clock."""

    def __init__(self, origin: float) -> None:
        self._origin = origin
        self._parts: dict[str, Part] = {}
        self._roles: dict[str, Role] = {}
        self._orders: list[Order] = []
        self._looked_at = 0
        """Packets since others had their turn."""
        self.keyframes: set[str] = set()
        """Persons of whom the last batch wants a keyframe."""
        self.reports: set[str] = set()
        """Persons of whom it wants sender reports."""

    async def compose(self, events: Sequence[Event], now: float) -> list[Order]:
        """What is to be written by this moment, in order. One call at a time."""
        self.keyframes, self.reports = set(), set()
        for event in events:
            await self._one(event)
        for person, part in list(self._parts.items()):
            part.flush(now)
            self._look_after(person, part, now)
            await _others()
        return self._given()

    async def finish(self, now: float) -> list[Order]:
        """Everybody's part ends at this moment."""
        for person in list(self._parts):
            self._close(person, now)
            await _others()
        return self._given()

    def _given(self) -> list[Order]:
        orders = self._orders[:]
        self._orders.clear()
        return orders

    async def _one(self, event: Event) -> None:
        match event:
            case Take(person, role, at):
                self._roles[person] = role
                self._open(person, at)
            case Release(person, at):
                self._close(person, at)
                await _others()
            case Tell():
                self._orders.append(event)
            case _ if event.person in self._parts:
                await self._feed(self._parts[event.person], event)

    async def _feed(self, part: Part, event: Media | Report | Renewed) -> None:
        match event:
            case Media(_, kind, packets):
                for at in range(0, len(packets), _AT_A_STRETCH):
                    some = packets[at : at + _AT_A_STRETCH]
                    part.take(kind, some)
                    self._looked_at += len(some)
                    if self._looked_at >= _AT_A_STRETCH:
                        self._looked_at = 0
                        await _others()
            case Report(_, kind, ntp, stamp, arrived):
                part.report(kind, ntp, stamp, arrived)
            case Renewed(_, at):
                for kind in (AUDIO, VIDEO):
                    part.restart(kind, at)

    def _look_after(self, person: str, part: Part, now: float) -> None:
        if part.wants_new_file:
            self._open(person, now)
        if part.wants_new_file or part.wants_keyframe:
            self.keyframes.add(person)
        if part.wants_reports:
            self.reports.add(person)

    def _open(self, person: str, at: float) -> None:
        self._close(person, at)
        self._orders.append(Open(person, self._roles[person]))
        self._parts[person] = Part(person, self._origin, at, _Draft(person, self._orders))

    def _close(self, person: str, at: float) -> None:
        part = self._parts.pop(person, None)
        if part is not None:
            part.finish(at)
            self._orders.append(Close(person, part.written_ms))


class _Draft:
    """A part's file, as orders."""

    def __init__(self, person: str, orders: list[Order]) -> None:
        self._person, self._order = person, orders.append

    def begin(self, start_ms: int, header: bytes, media: str, codecs: str) -> None:
        self._order(Begin(self._person, start_ms, header, media, codecs))

    def cluster(self, data: bytes, end_ms: int) -> None:
        self._order(Cluster(self._person, data, end_ms))

    def index(self, ms: int) -> None:
        self._order(Index(self._person, ms))

    def tell(self, kind: str, **fields: str | int | bool) -> None:
        self._order(Tell(kind, fields))


async def _others() -> None:
    """Let the event loop forward what has arrived meanwhile."""
    await asyncio.sleep(0)
