"""A room that is over ends for everybody who is still in it: nobody may wait where nobody will come.

It is over when its outcome is marked, and, unless people talk in it, when its hours are over or what was agreed is
called off; six hours later also where they seem to talk. Whose interview is moved to another time is told so; its room
stays for then.
"""

from collections.abc import Callable

import structlog
from sqlalchemy import select

from portal.clock import Clock
from portal.db.engine import Database
from portal.each import each
from portal.rooms.client import Media
from portal.rooms.domain import AFTER_HOURS, TALK_AFTER_HOURS, Ending, Hours, Room
from portal.rooms.endings import Endings
from portal.rooms.errors import MediaAway
from portal.rooms.service import RoomService
from portal.rooms.store import RoomRow

log = structlog.get_logger(__name__)
_STAYS = (Ending.MOVED, Ending.BY_PHONE)
"""The appointment may come back to the room."""


class Closing:
    """Carries ends into rooms, at once or soon, and if the media process was away, again until it has heard."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rooms: RoomService,
        endings: Endings,
        media: Media,
        in_use: Callable[[int], bool],
    ) -> None:
        self._database = database
        self._clock = clock
        self._rooms = rooms
        self._endings = endings
        self._media = media
        self._in_use = in_use

    def marked(self, room: Room) -> None:
        """Right after the mark. If the media process is away, the duty tells it."""
        marked = self._rooms.by_id(room.id)
        try:
            self._carry(marked, self._endings.of(marked), marked.hours)
        except MediaAway as error:
            log.warning("a room's end waits for the media process", why=str(error))

    def run(self) -> int:
        """The duty: end what is over and not ended; gives how many rooms. Raises MediaAway."""
        query = select(RoomRow.id).where(RoomRow.ended_at.is_(None), RoomRow.closes_at > self._clock() - AFTER_HOURS)
        with self._database.reading() as session:
            numbers = list(session.scalars(query))
        rooms = self._rooms.many(numbers) if numbers else []
        endings = self._endings.many(rooms)
        return each(rooms, lambda room: self._carry(room, *endings[room.id]))

    def _carry(self, room: Room, ending: Ending | None, hours: Hours) -> int:
        if ending is None:
            return self._follow(room, hours)
        if ending is Ending.BY_PHONE and not self._in_use(room.id):
            return 0  # it stays so, often for days
        if ending in _STAYS:
            cleared = self._media.clear(room.code, ending)
            return self._follow(room, hours) if cleared else 0
        forgotten = self._clock() >= hours.closes_at + TALK_AFTER_HOURS
        if not self._media.end(room.code, ending, spare_talk=room.outcome is None and not forgotten):
            return 0
        with self._database.transaction() as session:
            row = session.get_one(RoomRow, room.id)
            row.ended_at = row.ended_at or self._clock()
        return 1

    def _follow(self, room: Room, hours: Hours) -> int:
        """The room's hours are those of its appointment, also when that is moved."""
        if hours == room.hours:
            return 0
        with self._database.transaction() as session:
            session.get_one(RoomRow, room.id).move(hours)
        return 1
