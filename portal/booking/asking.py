"""Who asks for a time, and what the study's rules make of it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from portal.audit.domain import Actor
from portal.booking.bank_holidays import bank_holidays
from portal.booking.domain import Appointment, day_in
from portal.booking.errors import TooLate
from portal.booking.reads import Range
from portal.booking.slots import Offer
from portal.people.domain import Participant
from portal.study.booking import BookingRules

_NEAR = timedelta(days=10)


@dataclass(frozen=True)
class Asker:
    """Who books: the participant herself, or the team for her, which no notice and no limit of moves holds back."""

    actor: Actor
    team: bool = False

    @classmethod
    def herself(cls, person: Participant) -> "Asker":
        """The participant."""
        return cls(Actor.participant(person.study_id))

    @classmethod
    def staff(cls, staff_id: int) -> "Asker":
        """A member of the team, on her behalf."""
        return cls(Actor.staff(staff_id), team=True)


@dataclass(frozen=True)
class Marks:
    """What is known of how a participant's interviews went."""

    held: int = 0
    """How many took place without a booking."""
    undone: frozenset[str] = frozenset()
    """References of bookings whose interview did not take place or was broken off."""
    taken: frozenset[str] = frozenset()
    """References of bookings by video whose interview took place: it is marked so, or the participant was let in."""


@dataclass(frozen=True)
class Ask:
    """One question for a time: for whom, by whom, with which booking to move, by which rules, when."""

    person: Participant
    asker: Asker
    rules: BookingRules
    now: datetime
    interviewers: frozenset[int]
    """Who could give it."""
    live: Appointment | None = None
    marks: Marks = Marks()

    def now_with(self, live: Appointment | None) -> "Ask":
        """The same, once it is known which booking she has."""
        return replace(self, live=live)

    @property
    def offer(self) -> Offer:
        """Which slots would do."""
        earliest = self.now if self.asker.team else self.now + timedelta(hours=self.rules.notice_hours)
        return Offer(
            length=timedelta(minutes=self.rules.length(self.person.group)),
            every=timedelta(minutes=self.rules.every_minutes),
            earliest=earliest, latest=self.now + timedelta(days=self.rules.horizon_days),
        )  # fmt: skip

    def all_days(self) -> Range:
        """Every day that can be booked."""
        return self._range(day_in(self.now), day_in(self.now) + timedelta(days=self.rules.horizon_days))

    def on(self, at: datetime) -> Range:
        """The day of the moment."""
        return self._range(day_in(at), day_in(at))

    def around(self, at: datetime) -> Range:
        """The days near the moment, among those that can be booked."""
        every = self.all_days()
        middle = min(max(day_in(at), every.first), every.last)
        return self._range(max(every.first, middle - _NEAR), min(every.last, middle + _NEAR))

    def _range(self, first: date, last: date) -> Range:
        """Her own booking and hold do not count against her."""
        off = bank_holidays(first, last) if self.rules.bank_holidays == "off" else ()
        return Range(first, last, off, self.live.id if self.live else None, self.person.id)

    def in_time(self) -> None:
        """Raises TooLate if she can change her booking no more by herself."""
        until = timedelta(hours=self.rules.changes_until_hours)
        if self.live and not self.asker.team and self.live.starts_at - self.now < until:
            raise TooLate
