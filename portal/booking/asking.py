"""Who asks for a time, and what the study's rules make of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.audit.domain import Actor
from portal.booking.bank_holidays import bank_holidays
from portal.booking.domain import Appointment, day_in
from portal.booking.errors import TooLate
from portal.booking.reads import Range
from portal.booking.slots import Offer
from portal.people.domain import Participant
from portal.study.booking import BookingRules


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
class Ask:
    """One question for a time: for whom, by whom, with which booking to move, by which rules, when."""

    person: Participant
    asker: Asker
    rules: BookingRules
    now: datetime
    live: Appointment | None

    @property
    def offer(self) -> Offer:
        """Which slots would do."""
        earliest = self.now if self.asker.team else self.now + timedelta(hours=self.rules.notice_hours)
        return Offer(
            length=timedelta(minutes=self.rules.length(self.person.group)),
            every=timedelta(minutes=self.rules.every_minutes),
            earliest=earliest, latest=self.now + timedelta(days=self.rules.horizon_days),
        )  # fmt: skip

    def within(self, at: datetime | None = None) -> Range:
        """The day of the moment, or every day that can be booked. Her own booking and hold do not count against her."""
        first = day_in(at or self.now)
        last = first if at else first + timedelta(days=self.rules.horizon_days)
        off = bank_holidays(first, last) if self.rules.bank_holidays == "off" else ()
        return Range(first, last, off, self.live.id if self.live else None, self.person.id)

    def in_time(self) -> None:
        """Raises TooLate if she can change her booking no more by herself."""
        until = timedelta(hours=self.rules.changes_until_hours)
        if self.live and not self.asker.team and self.live.starts_at - self.now < until:
            raise TooLate
