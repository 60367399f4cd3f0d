"""Interviewers with hours, and people who may book."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from portal.booking.asking import Asker
from portal.booking.availability import Windows, parse
from portal.booking.domain import Appointment, Details, Span
from portal.booking.publishing import AvailabilityService
from portal.booking.service import BookingService
from portal.people.domain import Participant
from portal.study.service import StudyBook
from portal.team.domain import Member
from tests.support.world import World

OFFICE = parse("09:00-17:00")


def utc(text: str) -> datetime:
    """A moment from "2026-12-01 10:00", in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class Desk:
    """Booking in a world."""

    world: World
    members: list[Member] = field(default_factory=list)

    @property
    def booking(self) -> BookingService:
        return self.world.get(BookingService)

    @property
    def availability(self) -> AvailabilityService:
        return self.world.get(AvailabilityService)

    @property
    def office(self) -> Windows:
        return OFFICE

    def span(self, starts: str, ends: str) -> Span:
        return Span(utc(starts), utc(ends))

    def stored(self) -> bytes:
        """Everything that the SQLite file holds, as bytes."""
        instance = self.world.settings.instance
        return b"".join(one.read_bytes() for one in instance.glob("portal.sqlite3*"))

    def interviewer(self, weekly: str = "09:00-17:00") -> Member:
        """Somebody with the same hours from Monday to Friday."""
        member = self.world.member()
        self.availability.set_week(member.id, dict.fromkeys(range(5), parse(weekly)))
        self.members.append(member)
        return member

    def person(self, group: str = "carer") -> Participant:
        person = self.world.participant(group)
        self.world.consent(person)
        return person

    def book(self, person: Participant, at: str, details: Details | None = None) -> Appointment:
        return self.booking.book(person, utc(at), details or Details(), Asker.herself(person))

    def times(self, person: Participant) -> list[datetime]:
        return sorted({one.starts_at for one in self.booking.slots(person, Asker.herself(person))})

    def rules(self, **changes: object) -> None:
        """Publish the study with other rules of booking."""
        book = self.world.get(StudyBook)
        study = book.current().study
        book.publish(study.model_copy(update={"booking": study.booking.model_copy(update=changes)}))


@pytest.fixture
def desk(world) -> Desk:
    return Desk(world)


@pytest.fixture
def desks(worlds) -> Desk:
    """On both databases."""
    return Desk(worlds)
