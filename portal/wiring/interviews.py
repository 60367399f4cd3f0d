"""What interviews ask of the team: to prepare the next ones, and to say how the last ones ended."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from portal.booking.service import BookingService
from portal.clock import Clock
from portal.people.service import PeopleService
from portal.rooms.service import RoomService
from portal.web.scopes import Permission
from portal.workspace.domain import Meeting, MeetingSource, ToDo, ToDoSource

SOON = timedelta(hours=24)
WEEK = timedelta(days=7)


def interviews_to_do(rooms: RoomService, booking: BookingService, people: PeopleService, clock: Clock) -> ToDoSource:
    """For those who interview."""

    def items(permissions: frozenset[str], sites: Collection[str] | None) -> Iterable[ToDo]:
        if Permission.INTERVIEW not in permissions:
            return
        soon = _meetings(booking, people, clock, SOON, sites)
        unmarked = [one for one in rooms.unmarked() if sites is None or one.participant.site in sites]
        yield ToDo("prepare", len(soon), "interviews.listing")
        yield ToDo("unmarked", len(unmarked), "interviews.listing", urgent=True)

    return items


def weeks_meetings(booking: BookingService, people: PeopleService, clock: Clock) -> MeetingSource:
    """The agreed interviews of the next seven days."""
    return lambda sites: _meetings(booking, people, clock, WEEK, sites)


def _meetings(
    booking: BookingService, people: PeopleService, clock: Clock, ahead: timedelta, sites: Collection[str] | None
) -> list[Meeting]:
    now = clock()
    agreed = [one for one in booking.between(now, now + ahead) if one.cancelled_at is None]
    persons = people.many([one.participant_id for one in agreed])
    return [
        Meeting(one.starts_at, persons[one.participant_id].study_id, one.interviewer_ids, str(one.mode))
        for one in agreed
        if sites is None or persons[one.participant_id].site in sites
    ]
