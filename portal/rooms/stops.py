""" "I need to stop now", said to the web process: on record at once, carried to the room, and known until it was seen.

The call's own connection says it faster, but it may be what is lost. Whichever way it comes, it is done once.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, exists, func, select

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.each import each
from portal.people.store import ParticipantRow
from portal.rooms import events
from portal.rooms.client import Media
from portal.rooms.domain import AFTER_HOURS, Room
from portal.rooms.errors import MediaAway, RoomOver, TooManyStops
from portal.rooms.joining import Visitor
from portal.rooms.store import RoomOutcomeRow, RoomRow, RoomStopRow
from portal.rooms.tickets import Role

log = structlog.get_logger(__name__)
LATEST = AFTER_HOURS
"""How long after a room's hours it is still heard: a phone may be off till morning."""
MOST = 30
"""From one person in one room. Nobody comes back and has to stop more often."""
SEEN_WITHIN = timedelta(seconds=60)
"""After so long who runs the room has not seen it, and the team is told by message."""
_QUARTER = 900
"""Seconds. What one person says again within it makes one message: a flood must not use up what may be sent."""


@dataclass(frozen=True)
class Stop:
    """Somebody asked to stop."""

    room_id: int
    person: str
    """Her pseudonym in the room."""
    asked_at: datetime
    heard_at: datetime
    seen: bool
    """A page of the team has shown it in the room."""


class Stops:
    """The only writer of wishes to stop."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, media: Media) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._media = media

    def ask(self, room: Room, visitor: Visitor, name: str, ago: timedelta) -> None:
        """She needs to stop. If the media process is away, the duty tells it.

        Args:
            name: the wish's own; what was heard already is not done again.
            ago: how long ago she said so.

        Raises:
            RoomOver: her room has been over for so long that nobody waits for it.
            TooManyStops
        """
        if self._clock() > room.hours.closes_at + LATEST:
            raise RoomOver("the interview was long ago")
        stop_id = self._keep(room, visitor, name, ago)
        if stop_id is None:
            return
        try:
            self._carry(stop_id)
        except MediaAway as error:
            log.warning("a wish to stop waits for the media process", why=str(error))

    def run(self) -> int:
        """The duty: tell the media process what it has not heard yet; gives how many. Raises MediaAway."""
        query = (
            select(RoomStopRow.id)
            .where(RoomStopRow.carried_at.is_(None), RoomStopRow.heard_at > self._clock() - LATEST)
            .order_by(RoomStopRow.id)
        )
        with self._database.reading() as session:
            waiting = list(session.scalars(query))
        return each(waiting, self._carry)

    def seen(self, room: Room, name: str, *, staff_id: int) -> None:
        """The page of who runs the room shows it. A wish that is not on record is none."""
        query = select(RoomStopRow).where(
            RoomStopRow.room_id == room.id, RoomStopRow.name == name, RoomStopRow.seen_at.is_(None)
        )
        with self._database.transaction() as session:
            for row in session.scalars(query.with_for_update()):
                row.seen_at = self._clock()
                self._audit.record(
                    session, events.STOP_SEEN, actor=Actor.staff(staff_id), subject=room.subject, person=row.person
                )

    def of(self, rooms: Collection[int]) -> dict[int, list[Stop]]:
        """Who asked to stop in these rooms, by room, in order of time. Rooms without are left out."""
        query = select(RoomStopRow).where(RoomStopRow.room_id.in_(rooms)).order_by(RoomStopRow.asked_at, RoomStopRow.id)
        found: dict[int, list[Stop]] = {}
        with self._database.reading() as session:
            for row in session.scalars(query):
                stop = Stop(row.room_id, row.person, row.asked_at, row.heard_at, row.seen_at is not None)
                found.setdefault(row.room_id, []).append(stop)
        return found

    def after_outcome(self) -> list[int]:
        """Rooms whose outcome was marked before a wish of theirs was heard, lately: whoever marked it did not know."""
        query = (
            select(RoomStopRow.room_id)
            .where(
                RoomStopRow.seen_at.is_(None), RoomStopRow.heard_at > self._clock() - LATEST, _unmarked_since(),
                RoomStopRow.room_id.in_(select(RoomOutcomeRow.room_id)),
            )
            .distinct()
        )  # fmt: skip
        with self._database.reading() as session:
            return list(session.scalars(query))

    def unseen(self) -> Sequence[tuple[int, str]]:
        """Numbers of lately heard wishes that nobody of the team has seen in time, each with the participant's site.

        Of those of one person in one room in one quarter of an hour it is the first that nobody has seen.

        An outcome that was marked afterwards says that it was looked at; its page shows who asked to stop.
        """
        now = self._clock()
        query = (
            select(RoomStopRow, ParticipantRow.site)
            .join(RoomRow, RoomRow.id == RoomStopRow.room_id)
            .join(ParticipantRow, ParticipantRow.id == RoomRow.participant_id)
            .where(
                RoomStopRow.seen_at.is_(None), RoomStopRow.heard_at.between(now - LATEST, now - SEEN_WITHIN),
                _unmarked_since(),
            )
            .order_by(RoomStopRow.id)
        )  # fmt: skip
        first: dict[tuple[int, str, int], tuple[int, str]] = {}
        with self._database.reading() as session:
            for row, site in session.execute(query):
                quarter = int(row.heard_at.timestamp()) // _QUARTER
                first.setdefault((row.room_id, row.person, quarter), (row.id, site))
        return list(first.values())

    def _keep(self, room: Room, visitor: Visitor, name: str, ago: timedelta) -> int | None:
        """Gives the number of the wish if the media process has yet to hear of it."""
        hers = (RoomStopRow.room_id == room.id, RoomStopRow.person == visitor.person)
        with self._database.transaction() as session:
            session.get_one(RoomRow, room.id, with_for_update=True)  # two that come at once take turns
            known = session.scalars(select(RoomStopRow).where(*hers, RoomStopRow.name == name)).one_or_none()
            if known is not None:
                return known.id if known.carried_at is None else None
            if (session.scalar(select(func.count()).where(*hers)) or 0) >= MOST:
                raise TooManyStops("she has stopped too often")
            entry = self._audit.record(
                session, events.STOP_ASKED, actor=visitor.actor, subject=room.subject, person=visitor.person,
                role=visitor.role.value,
            )  # fmt: skip
            row = RoomStopRow(
                room_id=room.id, person=visitor.person, role=visitor.role.value, name=name, asked_at=entry.at - ago,
                heard_at=entry.at,
            )  # fmt: skip
            session.add(row)
            session.flush()
            return row.id

    def _carry(self, stop_id: int) -> int:
        with self._database.reading() as session:
            row = session.get_one(RoomStopRow, stop_id)
            code = session.get_one(RoomRow, row.room_id).code
        ago = max(0, int((self._clock() - row.asked_at).total_seconds()))
        self._media.stop(code, row.person, Role(row.role), name=row.name, ago=ago)
        with self._database.transaction() as session:
            session.get_one(RoomStopRow, stop_id).carried_at = self._clock()
        return 1


def _unmarked_since() -> ColumnElement[bool]:
    return ~exists().where(RoomOutcomeRow.room_id == RoomStopRow.room_id, RoomOutcomeRow.at >= RoomStopRow.heard_at)
