"""A participant's timeline: what each feature knows happened to her or was done by her."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.booking.service import BookingService
from portal.consent.readings import Readings
from portal.demographics.service import DemographicsService
from portal.people.domain import Participant
from portal.recruitment.service import RecruitmentService
from portal.rooms.service import RoomService
from portal.workspace.domain import Fact, FactSource


@dataclass(frozen=True)
class Sources:
    """The features that know something."""

    readings: Readings
    demographics: DemographicsService
    recruitment: RecruitmentService
    booking: BookingService
    rooms: RoomService

    @property
    def all(self) -> tuple[FactSource, ...]:
        """Every source."""
        return self.invitation, self.sheets, self.refusals, self.answers, self.bookings, self.interviews

    def invitation(self, person: Participant) -> Iterable[Fact]:
        """How she came in."""
        yield Fact(person.invited_at, "invited")
        if person.first_opened_at:
            yield Fact(person.first_opened_at, "opened")

    def sheets(self, person: Participant) -> Iterable[Fact]:
        """Which sheets she opened."""
        return [Fact(at, "read") for _, at in self.readings.all_of(person.id)]

    def refusals(self, person: Participant) -> Iterable[Fact]:
        """Whether she said no, or was not in the study."""
        return [Fact(one.at, str(one.kind), one.reason) for one in self.recruitment.facts(person.id)]

    def answers(self, person: Participant) -> Iterable[Fact]:
        """When she answered questions about herself."""
        span = self.demographics.span(person.id)
        if span:
            yield Fact(span[0], "answered")
            if span[1] != span[0]:
                yield Fact(span[1], "answered_last")

    def bookings(self, person: Participant) -> Iterable[Fact]:
        """When she booked, moved and cancelled."""
        for one in self.booking.of_participant(person.id):
            yield Fact(one.made_at, "booked", one.reference)
            if one.cancelled_at:
                yield Fact(one.cancelled_at, "cancelled", one.reference)
            elif one.sequence:
                yield Fact(one.changed_at, "moved", one.reference)

    def interviews(self, person: Participant) -> Iterable[Fact]:
        """How her interviews ended."""
        return [
            Fact(one.hours.starts_at, str(one.outcome)) for one in self.rooms.of_participant(person) if one.outcome
        ]  # fmt: skip
