"""A room whose outcome was marked is over for everybody who is still in it: nobody may wait where nobody will come."""

from datetime import timedelta

import structlog
from sqlalchemy import select

from portal.clock import Clock
from portal.db.engine import Database
from portal.each import each
from portal.rooms.client import Media
from portal.rooms.domain import Room
from portal.rooms.errors import MediaAway
from portal.rooms.store import RoomOutcomeRow, RoomRow

log = structlog.get_logger(__name__)
LATEST = timedelta(days=1)
"""How long after a room's hours somebody may still be in it."""


class Closing:
    """Carries marks into rooms, at once and, if the media process was away, again until it has heard."""

    def __init__(self, database: Database, clock: Clock, media: Media) -> None:
        self._database = database
        self._clock = clock
        self._media = media

    def marked(self, room: Room) -> None:
        """Right after the mark. If the media process is away, the duty tells it."""
        try:
            self._end(room.id, room.code)
        except MediaAway as error:
            log.warning("a room's end waits for the media process", why=str(error))

    def run(self) -> int:
        """The duty: end what is marked and not ended; gives how many rooms. Raises MediaAway."""
        query = select(RoomRow.id, RoomRow.code).where(
            RoomRow.ended_at.is_(None), RoomRow.closes_at > self._clock() - LATEST,
            RoomRow.id.in_(select(RoomOutcomeRow.room_id)),
        )  # fmt: skip
        with self._database.reading() as session:
            found = session.execute(query).all()
        return each(found, lambda room: self._end(room.id, room.code))

    def _end(self, room_id: int, code: str) -> int:
        self._media.end(code, "ended")
        with self._database.transaction() as session:
            row = session.get_one(RoomRow, room_id)
            row.ended_at = row.ended_at or self._clock()
        return 1
