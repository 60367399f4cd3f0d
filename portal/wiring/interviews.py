"""The interviews of the next days, and those of which nobody said yet how they ended."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from portal.booking.service import BookingService
from portal.clock import Clock
from portal.people.service import PeopleService
from portal.rooms.service import RoomService
from portal.web.scopes import Permission
from portal.workspace.domain import Meeting, MeetingSource, ToDo, ToDoSource

WEEK = timedelta(days=7)


def interviews_to_do(rooms: RoomService) -> ToDoSource:
    """For those who interview."""

    def items(permissions: frozenset[str], sites: Collection[str] | None) -> Iterable[ToDo]:
        if Permission.INTERVIEW not in permissions:
            return
        people = [one.participant for one in rooms.unmarked()] + [person for person, _ in rooms.overlooked()]
        unmarked = [one for one in people if sites is None or one.site in sites]
        yield ToDo("unmarked", len(unmarked), "interviews.listing", urgent=True)

    return items


def weeks_meetings(booking: BookingService, people: PeopleService, clock: Clock) -> MeetingSource:
    """The agreed interviews of the next seven days."""

    def meetings(sites: Collection[str] | None) -> Iterable[Meeting]:
        now = clock()
        agreed = [one for one in booking.between(now, now + WEEK) if one.cancelled_at is None]
        persons = people.many([one.participant_id for one in agreed])
        return [
            Meeting(one.starts_at, persons[one.participant_id].study_id, one.interviewer_ids, str(one.mode))
            for one in agreed
            if sites is None or persons[one.participant_id].site in sites
        ]

    return meetings
