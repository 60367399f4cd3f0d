"""Who is being recorded, over reconnections and breaks, and what of them waits to be written."""

from collections.abc import Callable, Collection, Sequence

from portal.rooms.media.members import Member
from portal.rooms.media.peer import Peer
from portal.rooms.media.recorded import Event, Release, Renewed, Take, Tell
from portal.rooms.media.taps import Tap

ABSENT = 30.0
"""Seconds after which the part of somebody whose connection was lost is finished."""


class Taken:
    """A person who is being recorded: her taps on the connection that she has now."""

    def __init__(self, member: Member) -> None:
        self.person = member.person
        self.microphone, self.camera = member.microphone, member.camera
        self.peer: Peer | None = None
        self.lost_at: float | None = None
        self._taps: list[Tap] = []
        self._unsure = False

    def follows(self, member: Member) -> bool:
        """True while the member's present connection is tapped."""
        return member.peer is self.peer and bool(self._taps)

    def follow(self, member: Member) -> bool:
        """Tap the member's present connection. True where there was another before."""
        self.close()
        peer, before = member.peer, self.peer
        if peer is not None:
            self.peer = peer
            streams = (peer.microphone, peer.camera) if member.ticket.video else (peer.microphone,)
            self._taps = [Tap(self.person, stream) for stream in streams]
            peer.ask_sender_reports()
            self._unsure = True
        return before is not None and before is not peer

    @property
    def bytes(self) -> int:
        """Memory that waits to be written."""
        return sum(tap.bytes for tap in self._taps)

    def drain(self) -> list[Event]:
        """What came since the last time."""
        return [event for tap in self._taps for event in tap.drain()]

    def ask_again(self) -> None:
        """Ask once more how her clock stands: the answers to the first question may have come late."""
        if self._unsure and self.peer is not None and self.lost_at is None:
            self._unsure = False
            self.peer.ask_sender_reports()

    def close(self) -> None:
        """Take nothing any more."""
        for tap in self._taps:
            tap.close()
        self._taps = []


class Takings:
    """Everybody who is being recorded. `clock_ms` gives the recording's time."""

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._ms = clock_ms
        self._taken: dict[str, Taken] = {}
        self._events: list[Event] = []
        self.parts = 0
        """How many parts were begun."""

    @property
    def persons(self) -> Collection[str]:
        """Who is being recorded."""
        return self._taken.keys()

    @property
    def bytes(self) -> int:
        """Memory that waits to be written."""
        return sum(one.bytes for one in self._taken.values())

    def follow(self, members: Sequence[Member], now: float) -> None:
        """Take these members' streams, on the connections that they have now; the others are absent."""
        for member in members:
            taken = self._taken.get(member.person)
            if taken is None:
                taken = self._taken[member.person] = Taken(member)
                self.tell("notice", track=member.person, ms=self._ms())
                self._events.append(Take(member.person, member.role, now))
                self.parts += 1
            self._follow(taken, member, now)
        here = {member.person for member in members}
        for person, taken in list(self._taken.items()):
            if person not in here:
                self._absent(taken, now)

    def tell(self, kind: str, **fields: str | int | bool) -> None:
        """A line for the manifest, in its place among the packets."""
        self._events.append(Tell(kind, fields))

    def release_all(self, now: float) -> None:
        """Everybody's part ends here."""
        for taken in list(self._taken.values()):
            self._release(taken, now)

    def drain(self) -> list[Event]:
        """What waits, in order."""
        events, self._events = self._events, []
        for taken in self._taken.values():
            events += taken.drain()
            taken.ask_again()
        return events

    def clear(self) -> None:
        """Take nothing more and let go of what waits."""
        for taken in self._taken.values():
            taken.close()
        self._taken.clear()
        self._events.clear()

    def request_keyframes(self, persons: Collection[str], now: float) -> None:
        """Ask these persons' browsers for a keyframe."""
        for person in persons:
            taken = self._taken.get(person)
            if taken is not None and taken.peer is not None:
                taken.peer.camera.request_keyframe(now)

    def request_reports(self, persons: Collection[str]) -> None:
        """Ask these persons' browsers for sender reports."""
        for person in persons:
            taken = self._taken.get(person)
            if taken is not None and taken.peer is not None and taken.lost_at is None:
                taken.peer.ask_sender_reports()

    def _follow(self, taken: Taken, member: Member, now: float) -> None:
        taken.lost_at = None
        if not taken.follows(member):
            self._events += taken.drain()
            if taken.follow(member):
                self._events.append(Renewed(member.person, now))
            if taken.peer is not None:
                taken.peer.camera.request_keyframe(now)
        if taken.microphone != member.microphone:
            self.tell("mute", track=member.person, media="audio", ms=self._ms(), muted=not member.microphone)
        if taken.camera != member.camera:
            self.tell("mute", track=member.person, media="video", ms=self._ms(), muted=not member.camera)
        taken.microphone, taken.camera = member.microphone, member.camera

    def _absent(self, taken: Taken, now: float) -> None:
        """Her part waits for a while, so that a short break does not cut the file."""
        if taken.lost_at is None:
            taken.lost_at = now
            self._events += taken.drain()
            taken.close()
        elif now - taken.lost_at > ABSENT:
            self._release(taken, now)

    def _release(self, taken: Taken, now: float) -> None:
        self._events += taken.drain()
        taken.close()
        self._events.append(Release(taken.person, now))
        self._taken.pop(taken.person, None)
