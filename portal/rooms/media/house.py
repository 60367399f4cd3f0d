"""All rooms of one media process."""

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from portal.clock import Clock
from portal.rooms.media import figures, sdp, state
from portal.rooms.media.desk import Hands
from portal.rooms.media.discard import discard_person
from portal.rooms.media.dtls import Identity
from portal.rooms.media.errors import JoinRefused
from portal.rooms.media.journal import Journals, Value
from portal.rooms.media.peer import Peer
from portal.rooms.media.recording import Recording
from portal.rooms.media.refusals import Refusals
from portal.rooms.media.room import Recorder, Room
from portal.rooms.media.stopping import Wish
from portal.rooms.media.wire import Wire
from portal.rooms.tickets import Nonces, RecordingTerms, read

log = logging.getLogger(__name__)

LOST_FOR = 120.0
"""Seconds after which somebody whose connection was lost counts as gone."""
UNATTENDED_FOR = 60.0
"""Seconds without anybody who runs the room after which its recording pauses. Longer than a phone is locked or a page
takes to come back."""
EMPTY_FOR = 900.0
"""Seconds after which a room that nobody is in is put away; its journal stays."""
RECORDERS = 8
"""Threads that write recordings."""
MOST = 500
"""Rooms at once, whatever happens."""


@dataclass(frozen=True)
class Place:
    """Where browsers reach this process."""

    wire: Wire
    identity: Identity
    candidates: tuple[tuple[str, int], ...]


class House:
    """Takes people in, and finds the room that a request means."""

    def __init__(self, place: Place, key: bytes, journals: Journals, vault: Path, clock: Clock) -> None:
        self._place, self._key, self._journals, self._vault, self._clock = place, key, journals, vault, clock
        self._nonces = Nonces()
        self._hands = Hands(RECORDERS)
        self._closing: set[asyncio.Task[None]] = set()
        """What is still written of rooms that have ended, and destroyed of them."""
        self.rooms: dict[str, Room] = {}
        self.refusals = Refusals()
        self.joins = 0
        """Connections that were ever taken in."""

    def join(self, room: str, ticket_text: str, offer_text: str) -> str:
        """Take somebody in and give the answer to her offer.

        Raises:
            TicketRefused, OfferRefused, JoinRefused.
        """
        now = time.time()
        ticket = read(ticket_text, self._key, room=room, at=now)
        offer = sdp.read_offer(offer_text, may_share=ticket.may_share, relay_only=ticket.relay_only)
        self._nonces.use(ticket, now)
        place = self._place
        found = self._open(room)
        member = found.admit_ticket(ticket)
        peer = Peer(place.wire, place.identity, offer, found)
        found.replace_peer(member, peer)
        self.joins += 1
        peer.start()
        return sdp.write_answer(
            offer, peer.outgoing, ufrag=peer.ufrag, password=peer.password_text,
            fingerprint=place.identity.fingerprint, candidates=place.candidates,
        )  # fmt: skip

    def end(self, room: str, reason: str, *, spare_talk: bool = False) -> bool:
        """End a room for good, whether or not anybody is in it.

        Args:
            spare_talk: not while the participant and the team are in a call.

        Returns:
            Whether it is ended.
        """
        if room not in self.rooms and not any(True for _ in self._journals.lines(room)):
            self._journals.note(room, "ended", reason=reason)  # nobody was ever here
            return True
        try:
            found = self._open(room)
        except JoinRefused as refused:
            if refused.code != "room_ended":
                raise
            return True
        if spare_talk and found.talks(time.monotonic(), LOST_FOR):
            return False
        found.end(reason)
        return True

    def clear(self, room: str, reason: str) -> bool:
        """Put out everybody who is in a room, unless the participant and the team are in a call. It can be used again:
        whoever comes then waits to be let in.

        Returns:
            Whether nobody is in it any more.
        """
        found = self.rooms.get(room)
        if found is not None:
            if found.talks(time.monotonic(), LOST_FOR):
                return False
            found.clear(reason)
        known = found.state if found is not None else state.read(self._journals.lines(room))
        if known.in_use or known.admitted:
            known.forget_people()
            self._journals.note(room, "cleared", reason=reason)  # so that nobody asks for it again until somebody comes
        return True

    def stop(self, room: str, wish: Wish) -> None:
        """Somebody needs to stop, and said so to the web process. Nobody need be in the room."""
        found = self.rooms.get(room)
        if found is not None:
            found.stop(wish)
        elif wish.name not in state.read(self._journals.lines(room)).wishes:
            ago = max(0, round(time.time() - wish.at))
            self._journals.note(
                room, "need_to_stop", person=wish.person, role=wish.role, wish=wish.name, ago=ago, kept=wish.kept
            )

    def withdraw(self, room: str, person: str, *, discard: bool | None) -> None:
        """Somebody withdrew the consent to be recorded. `discard` None means what her ticket's terms say."""
        found = self.rooms.get(room)
        if found is not None:
            member = found.members.get(person)
            terms = member.ticket.recording if member else None
            found.recorder.withdraw(person, discard=discard if discard is not None else _discards(terms))
            return
        before = state.read(self._journals.lines(room))
        drop = discard is not False
        self._journals.note(room, "consent_withdrawn", person=person, discard=drop)
        if drop and before.last_recording is not None:
            self._close(self._discard(self._vault / before.last_recording, person, tuple(self._closing)))

    def snapshots(self) -> list[dict[str, object]]:
        """Every room in short, without names."""
        return [
            {
                "room": room.name, "recording": room.recorder.snapshot(possible=True),
                "people": [
                    {"person": one.person, "role": one.role.value, "admitted": one.admitted, "connected": one.connected}
                    for one in room.members.values()
                ],
            }
            for room in self.rooms.values()
        ]  # fmt: skip

    @property
    def connected(self) -> int:
        """How many people are connected."""
        return sum(one.connected for room in self.rooms.values() for one in room.members.values())

    def health(self) -> dict[str, object]:
        """How it is."""
        people = sum(len(room.members) for room in self.rooms.values())
        return {"status": "ok", "rooms": len(self.rooms), "people": people}

    def figures(self) -> str:
        """Figures for Prometheus."""
        return figures.write(
            self.rooms.values(), self._place.wire.dropped, self.refusals.counts, self._journals.failures
        )

    async def close(self) -> None:
        """Say goodbye to nobody, so that browsers rejoin the next process; finish what is being recorded."""
        for room in self.rooms.values():
            room.recorder.end("shutdown")
            self._close(room.recorder.closed())
        await asyncio.gather(*self._closing)
        peers = [one.peer for room in self.rooms.values() for one in room.members.values() if one.peer is not None]
        for peer in peers:
            peer.close()
        await asyncio.gather(*(peer.closed() for peer in peers))
        self._hands.close()

    def _ended(self, room: Room) -> None:
        self._close(room.recorder.closed())
        self.rooms.pop(room.name, None)

    def _close(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _discard(self, folder: Path, person: str, before: Iterable[asyncio.Task[None]]) -> None:
        """Once nobody writes there any more."""
        await asyncio.gather(*before)
        try:
            await self._hands.run(partial(discard_person, folder, person, self._clock))
        except Exception:  # whatever it is, the other rooms go on
            log.exception("a withdrawn recording could not be discarded")

    def sweep(self, now: float) -> None:
        """Put away who and what is gone. Call it every few seconds."""
        self.refusals.tell()
        for room in list(self.rooms.values()):
            room.forget_lost(now, LOST_FOR)
            room.pause_unattended(now, UNATTENDED_FOR)
            room.talks(now, LOST_FOR)
            if room.empty_since is not None and now - room.empty_since > EMPTY_FOR:
                room.recorder.end("empty")
                room.note("put_away")
                self._ended(room)

    def _open(self, name: str) -> Room:
        found = self.rooms.get(name)
        if found is not None:
            return found
        if len(self.rooms) >= MOST:
            raise JoinRefused("busy")
        before = state.read(self._journals.lines(name))
        if before.ended:
            raise JoinRefused("room_ended")

        def note(event: str, **fields: Value) -> None:
            self._journals.note(name, event, **fields)

        def record(room: Room) -> Recorder:
            return Recording(
                name, self._vault, before, self._hands, self._clock, note=note, announce=room.announce,
                publish=room.publish, progress=room.progress,
            )  # fmt: skip

        room = Room(name, note, before, record=record, ended=self._ended, refused=self.refusals.command)
        self.rooms[name] = room
        room.note("opened", reason="joined")
        return room


def _discards(terms: RecordingTerms | None) -> bool:
    return terms is None or terms.discard_on_withdrawal
