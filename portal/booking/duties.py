"""Booking's part of the worker: each a query for what is not done yet, and an act that may be repeated."""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

from sqlalchemy import select

from portal.audit.domain import Actor
from portal.booking import claims
from portal.booking.asking import Asker
from portal.booking.domain import Appointment, Cause
from portal.booking.errors import NoBooking
from portal.booking.service import BookingService
from portal.booking.wishes import Wishes
from portal.db.engine import Database
from portal.each import each
from portal.people.domain import Participant
from portal.people.store import ParticipantRow

Withdrawn = Callable[[Sequence[Participant]], Collection[int]]
"""Gives the numbers of those who have stopped taking part."""
_FAR = timedelta(days=800)


class BookingDuties:
    """What is done without anybody asking."""

    def __init__(self, database: Database, booking: BookingService, wishes: Wishes, withdrawn: Withdrawn) -> None:
        self._database = database
        self._booking = booking
        self._wishes = wishes
        self._withdrawn = withdrawn

    def cancel_withdrawn(self) -> int:
        """Cancel what is booked by people who have stopped since; gives how many."""
        waiting = self._upcoming()
        people = self._people(waiting)
        gone = self._withdrawn(list(people.values())) if people else ()
        stopped = [people[one.participant_id] for one in waiting if one.participant_id in gone]
        return each(stopped, self._cancel)

    def offer_earlier(self) -> int:
        """Tell whoever waits for it of an earlier time; gives to how many."""
        waiting = [one for one in self._upcoming() if self._wishes.wants_earlier(one)]
        people = self._people(waiting)
        return each(waiting, lambda one: self._wishes.offer_earlier(people[one.participant_id], one))

    def sweep_holds(self) -> int:
        """Give back times that nobody confirmed; gives how many."""
        with self._database.transaction() as session:
            return claims.sweep(session, self._booking.now())

    def _upcoming(self) -> list[Appointment]:
        now = self._booking.now()
        return [one for one in self._booking.between(now, now + _FAR) if one.cancelled_at is None]

    def _people(self, appointments: Sequence[Appointment]) -> dict[int, Participant]:
        wanted = {one.participant_id for one in appointments}
        with self._database.reading() as session:
            rows = session.scalars(select(ParticipantRow).where(ParticipantRow.id.in_(wanted)))
            return {row.id: row.as_participant() for row in rows}

    def _cancel(self, person: Participant) -> bool:
        try:
            self._booking.cancel(person, Asker(Actor.system("worker"), team=True), Cause.WITHDRAWAL)
        except NoBooking:
            return False  # she or the team was faster
        return True
