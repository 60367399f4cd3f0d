"""A room: who is in it, who sees whom, and what everybody is told. What pages say is heard in `hearing.py` and carried
out in `acts.py`; what a page sees is in `snapshot.py`, recording in `recording.py`.
"""

import json
import logging
import math
import time
from collections.abc import Callable
from typing import Protocol

from portal.rooms.media import acts, bandwidth, hearing, seats, snapshot
from portal.rooms.media.errors import JoinRefused
from portal.rooms.media.lines import Lines
from portal.rooms.media.members import Member
from portal.rooms.media.peer import Peer
from portal.rooms.media.sdp import SLOTS
from portal.rooms.media.state import State
from portal.rooms.media.stopping import Wish
from portal.rooms.tickets import Role, Ticket

log = logging.getLogger(__name__)

BACK = 3.0
"""Seconds after a wish to stop within which nobody comes back: she was connected just before, or her page was just
connecting again. How long ago she said it is known in whole seconds."""
Note = Callable[..., None]
"""`note(event, **fields)` writes a line of the room's journal."""


class Recorder(acts.Recorder, snapshot.Recorder, Protocol):
    """What a room asks of its recording."""

    def follow(self, members: list[Member]) -> None:
        """The members or their connections changed: take who may be taken, let go of the others."""

    def withdraw(self, person: str, *, discard: bool) -> None:
        """This person withdrew the consent to be recorded."""

    def end(self, reason: str) -> None:
        """The room is over: finish what is being recorded."""

    async def closed(self) -> None:
        """Wait until everything is written."""


class Room:
    """One room. Everything runs on the event loop; nothing here waits."""

    def __init__(
        self, name: str, note: Note, state: State, *,
        record: Callable[["Room"], Recorder], ended: Callable[["Room"], None],
        refused: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self.name, self.note, self.state = name, note, state
        self.members: dict[str, Member] = {}
        self.distress = state.distress
        self.ended: str | None = None
        self._ended, self._refused = ended, refused
        self.empty_since: float | None = time.monotonic()
        self._attended_at = time.monotonic()
        """When somebody who runs the room was last seen to be here."""
        self._talked_at = self._attended_at if state.talk_since is not None else -math.inf
        """When the participant was last seen to be in a call with the team."""
        self.lines = Lines(self.tell)
        self.recorder = record(self)

    # joining and leaving

    def admit_ticket(self, ticket: Ticket) -> Member:
        """The ticket's person, as a member from now on.

        Raises:
            JoinRefused: `room_full` or `room_ended`.
        """
        if self.ended is not None:
            raise JoinRefused("room_ended")
        member = self.members.get(ticket.person)
        if member is not None:
            member.ticket = ticket
            return member
        if len(self.members) > SLOTS:
            raise JoinRefused("room_full")
        member = Member(ticket, ticket.role.runs_room or ticket.person in self.state.admitted)
        self.members[ticket.person] = member
        self.state.in_use = True
        self.note("joined", person=ticket.person, role=ticket.role.value)
        return member

    def replace_peer(self, member: Member, peer: Peer) -> None:
        """A new connection of the member takes the place of the old one, which is told so and ends."""
        old, member.peer, member.told = member.peer, peer, 0  # another page: it has yet to show the notice
        if old is not None:
            self._say(old, {"type": "ended", "reason": "replaced"})
            old.close()
        self.empty_since = None

    def let_in(self, member: Member) -> None:
        """Admit who waits."""
        if not member.admitted:
            member.admitted = True
            self.state.admitted.add(member.person)
            if member.role is Role.PARTICIPANT and self.state.talk_since is None:
                self.state.talk_since = time.time()
            self.note("admitted", person=member.person, role=member.role.value)
            self.announce("joined", member.person)
        self.rewire()

    def part(self, member: Member, reason: str) -> None:
        """She leaves for now, for the reason that her page is told."""
        if self.members.get(member.person) is not member:
            return
        del self.members[member.person]
        for other in self.members.values():
            other.slots.pop(member.person, None)
        if member.peer is not None:
            self._say(member.peer, {"type": "ended", "reason": reason})
            member.peer.close()
        if member.admitted and self.ended is None:
            self.announce("left", member.person)
        elif self.ended is None and self.lines.state(member.person) == "sent":
            self.tell_team(
                {"type": "announcement", "code": "line_waits", "person": member.person, "role": member.role.value}
            )
        event = "declined" if reason == "declined" else "left"
        self.note(event, person=member.person, role=member.role.value, reason=reason)
        self.rewire()

    def stop(self, wish: Wish) -> None:
        """Somebody needs to stop: the recording pauses, she is out, and who runs the room is told until she is back.

        What was carried out already is not done again, whichever way it arrives; nor is she put out of a room that she
        came back to after she had said it.
        """
        before = self.state.stopped.get(wish.person)
        if wish.name is not None and wish.name in self.state.wishes:
            if before is not None and before.name == wish.name and wish.kept and not before.kept:
                before.kept = True
                self.publish()
            return
        if wish.name is not None:
            self.state.wishes.add(wish.name)
        ago = max(0, round(time.time() - wish.at))
        self.note("need_to_stop", person=wish.person, role=wish.role, wish=wish.name, ago=ago, kept=wish.kept)
        member = self.members.get(wish.person)
        if member is not None and member.connected and member.since is not None and member.since > wish.at + BACK:
            return
        if wish.person in self.state.admitted or (member is not None and member.admitted):
            acts.hold_recording(self, wish.person)
        self.state.stopped[wish.person] = wish
        self.announce("need_to_stop", wish.person, role=wish.role)
        if member is not None:
            self.part(member, "stopped")
        else:
            self.publish()

    def end(self, reason: str) -> None:
        """End the room for all and for good. The reason is told to every page."""
        if self.ended is not None:
            return
        self.ended = reason
        self.recorder.end("room_ended")
        self.clear(reason)
        self.note("ended", reason=reason)
        self._ended(self)

    def clear(self, reason: str) -> None:
        """Everybody is out, for the reason that their pages are told; the room itself stays as it is."""
        for member in list(self.members.values()):
            self.part(member, reason)

    def talks(self, now: float, after: float) -> bool:
        """True while the participant is in a call with the team, or was so many seconds ago: a page is loaded anew,
        a phone locked, the process crashed. Call it every few seconds.
        """
        if self._attended and any(one.role is Role.PARTICIPANT for one in self.present()):
            self._talked_at = now
        return now - self._talked_at <= after

    def forget_lost(self, now: float, after: float) -> None:
        """Let go of those who were lost so long ago that they will not return by themselves."""
        for member in list(self.members.values()):
            if member.lost_at is not None and now - member.lost_at > after:
                self.part(member, "lost")

    def pause_unattended(self, now: float, after: float) -> None:
        """Keep nothing more where nobody who runs the room has been here for so long: she may be alone, and think it
        over. Call it every few seconds.
        """
        if self._attended:
            self._attended_at = now
        elif now - self._attended_at > after:
            acts.hold_recording(self, "")

    # what a peer tells (peer.Listener)

    def connected(self, peer: Peer) -> None:
        """Media may flow."""
        member = self._member(peer)
        if member is None:
            return
        member.since = time.time()
        self.state.stopped.pop(member.person, None)
        if member.lost_at is not None:
            member.lost_at = None
            self.note("returned", person=member.person, role=member.role.value, reason="reconnected")
            self.announce("returned", member.person)
        elif member.admitted:
            self.announce("joined", member.person)
        self.rewire()

    def channel_opened(self, peer: Peer) -> None:
        """She can be told where she is."""
        member = self._member(peer)
        if member is not None:
            self.tell(member, self.snapshot(member))
            self.lines.tell_again(member)
            self.recorder.follow(self.present())

    def message(self, peer: Peer, message: str | bytes) -> None:
        """A command, or anything else."""
        member = self._member(peer)
        if member is None:
            return
        hearing.hear(self, member, message, self._refused)

    def disconnected(self, peer: Peer, reason: str) -> None:
        """Her connection is over; she may be back."""
        member = self._member(peer)
        if member is None:
            return
        member.peer, member.lost_at = None, time.monotonic()
        self.note("lost", person=member.person, role=member.role.value, reason=reason)
        if member.admitted:
            self.announce("lost", member.person)
        self.rewire()

    def reported(self, peer: Peer, now: float) -> None:
        """Once a second for each connection: ask it for what the others can take, and spare who cannot take video."""
        member = self._member(peer)
        if member is None or not member.admitted:
            return
        present = self.present()
        held = peer.receiver.holds(seats.videos_for(member, present), peer.sending(now), now)
        if held != member.video_held:
            member.video_held = held
            for pair in peer.slots[:SLOTS]:
                pair[1].hold(held, now)
            self.announce("video_held" if held else "video_back", member.person)
            self.publish()
        receivers = [seats.can_take(other, present) for other in present if other is not member]
        peer.limit(bandwidth.allowed(bandwidth.CAMERA, receivers), bandwidth.allowed(bandwidth.SHARE, receivers))

    # who sees whom

    def present(self) -> list[Member]:
        """Who is admitted and connected."""
        return [one for one in self.members.values() if one.admitted and one.connected]

    def rewire(self) -> None:
        """Make slots, recording and pages agree with who is here. May be called at any time."""
        now = time.monotonic()
        present = self.present()
        for viewer in present:
            seats.fill(viewer, present, now)
        if not any(one.connected for one in self.members.values()) and self.empty_since is None:
            self.empty_since = now
        self.recorder.follow(present)
        self.publish()

    def announce(self, code: str, person: str | None = None, **more: object) -> None:
        """Tell everybody who is admitted."""
        for member in self.members.values():
            if member.admitted:
                self.tell(member, {"type": "announcement", "code": code, "person": person, **more})

    def publish(self) -> None:
        """Send everybody the room as it is for her."""
        for member in self.members.values():
            self.tell(member, self.snapshot(member))

    def progress(self) -> None:
        """Tell who runs the room how much is durable."""
        self.tell_team({"type": "recording"} | self.recorder.snapshot(possible=True))

    def tell_team(self, message: dict[str, object]) -> None:
        """Send one message to who runs the room."""
        for member in self.present():
            if member.role.runs_room:
                self.tell(member, message)

    def tell(self, member: Member, message: dict[str, object]) -> bool:
        """Send one message to one page; False where it cannot be reached."""
        return member.peer is not None and self._say(member.peer, message)

    def snapshot(self, viewer: Member) -> dict[str, object]:
        """The room as this member may see it."""
        return snapshot.snapshot(self, viewer)

    @property
    def _attended(self) -> bool:
        return any(one.role.runs_room and one.connected for one in self.members.values())

    def _member(self, peer: Peer) -> Member | None:
        return next((one for one in self.members.values() if one.peer is peer), None)

    def _say(self, peer: Peer, message: dict[str, object]) -> bool:
        return peer.tell(json.dumps(message, ensure_ascii=False, separators=(",", ":")))
