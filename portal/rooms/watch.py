"""What the media process must be told when consent ends, at once and, if it was away, again until it has heard."""

from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, and_, or_, select

from portal.clock import Clock
from portal.consent.domain import Withdrawn
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.each import each
from portal.people.domain import Participant
from portal.people.service import PeopleService
from portal.rooms.client import Media
from portal.rooms.domain import AFTER_HOURS, Ending
from portal.rooms.errors import MediaAway
from portal.rooms.joining import PARTICIPANT
from portal.rooms.store import RoomRow
from portal.study.domain import WithdrawalLevel
from portal.study.service import StudyBook

log = structlog.get_logger(__name__)


class ConsentWatch:
    """Carries withdrawals into rooms that are open."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        studies: StudyBook,
        people: PeopleService,
        consents: ConsentService,
        media: Media,
    ) -> None:
        self._database = database
        self._clock = clock
        self._studies = studies
        self._people = people
        self._consents = consents
        self._media = media

    def withdrawn(self, person: Participant) -> None:
        """Right after a withdrawal. If the media process is away, the duty tells it."""
        try:
            self._tell(person)
        except MediaAway as error:
            log.warning("a withdrawal waits for the media process", why=str(error))

    def run(self) -> int:
        """The duty: tell what has not been heard yet; gives how many rooms."""
        query = select(RoomRow.participant_id).where(self._in_use()).distinct()
        with self._database.reading() as session:
            participants = list(session.scalars(query))
        return each(participants, lambda one: self._tell(self._people.participant(one)))

    def _tell(self, person: Participant) -> int:
        withdrawals = self._consents.state(person).withdrawals
        query = select(RoomRow).where(RoomRow.participant_id == person.id, self._in_use())
        with self._database.reading() as session:
            rooms = [(row.id, row.code, row.withdrawal_told_at or row.opened_at) for row in session.scalars(query)]
        told = 0
        for room_id, code, since in rooms:
            new = [one for one in withdrawals if one.at >= since]
            levels = [level for level in self._levels(new) if level.ends_participation or "recording" in level.stops]
            if levels:
                self._carry(room_id, code, levels)
                told += 1
        return told

    def _in_use(self) -> ColumnElement[bool]:
        """A call may go on after its room's hours."""
        now = self._clock()
        goes_on = and_(RoomRow.ended_at.is_(None), RoomRow.closes_at > now - AFTER_HOURS)
        return or_(RoomRow.closes_at > now, goes_on)

    def _carry(self, room_id: int, code: str, levels: list[WithdrawalLevel]) -> None:
        at, over = self._clock(), any(level.ends_participation for level in levels)
        self._media.withdraw(code, PARTICIPANT, discard=any(level.removes_data for level in levels))
        if over:
            self._media.end(code, Ending.WITHDRAWN)
        with self._database.transaction() as session:
            row = session.get_one(RoomRow, room_id)
            row.withdrawal_told_at = at + timedelta(microseconds=1)
            if over:
                row.ended_at = row.ended_at or at

    def _levels(self, withdrawals: list[Withdrawn]) -> list[WithdrawalLevel]:
        levels = {level.key: level for level in self._studies.current().study.withdrawal.levels}
        return [levels[one.level] for one in withdrawals if one.level in levels]
