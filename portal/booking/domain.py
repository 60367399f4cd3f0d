"""Appointments: who, with whom, when and how. Derived from what was booked, moved and cancelled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LONDON = ZoneInfo("Europe/London")
"""Where the study's days and hours are."""
QUANTUM = timedelta(minutes=5)
"""The grain of every calendar: appointments start, end and are kept apart in whole quanta."""
_QUANTUM_SECONDS = int(QUANTUM.total_seconds())


class Mode(StrEnum):
    """How they talk."""

    VIDEO = "video"
    PHONE = "phone"


class Cause(StrEnum):
    """Why an appointment does not take place."""

    PARTICIPANT = "participant"
    TEAM = "team"
    MISSED = "missed"
    WITHDRAWAL = "withdrawal"


class PartOfDay(StrEnum):
    """When in the day, on the clock of whoever reads."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of time: aware moments in UTC, the end not included."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, order=True)
class Slot:
    """A time that one interviewer could give."""

    starts_at: datetime
    interviewer_id: int
    ends_at: datetime


@dataclass(frozen=True)
class Details:
    """What she needs on the day. `phone` is the number to call when `mode` is phone."""

    mode: Mode = Mode.VIDEO
    language: str = ""
    interpreter: bool = False
    access_needs: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Appointment:
    """A booking as it stands now."""

    id: int
    reference: str
    participant_id: int
    interviewer_ids: tuple[int, ...]
    starts_at: datetime
    ends_at: datetime
    sequence: int
    """How often it was moved or changed, as calendars count it; a cancellation counts too."""
    made_at: datetime
    changed_at: datetime
    details: Details
    cancelled_at: datetime | None = None
    cause: Cause | None = None

    @property
    def mode(self) -> Mode:
        """Video or phone."""
        return self.details.mode

    def upcoming(self, at: datetime) -> bool:
        """True while it is still to come, or going on."""
        return self.cancelled_at is None and self.ends_at > at


@dataclass(frozen=True)
class Hold:
    """A time that is kept for somebody who is confirming it."""

    slot: Slot
    expires_at: datetime


@dataclass(frozen=True)
class Diary:
    """What an interviewer's slots derive from."""

    interviewer_id: int
    spans: tuple[Span, ...]
    """Hours that she offers, oldest first."""
    buffer: timedelta
    daily_limit: int
    claimed: frozenset[int] = frozenset()
    """Quanta that bookings and holds keep, the buffer behind them included."""
    away: frozenset[int] = frozenset()
    """Quanta of absences and of her other calendar."""
    booked: Mapping[date, int] = field(default_factory=dict)
    """Appointments by day in London."""


def known_zone(name: str) -> ZoneInfo:
    """The zone of this name; London's if there is none, since a wrong guess must not hide the right hour."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return LONDON


def quantum(at: datetime) -> int:
    """The quantum that the moment lies in, counted from 1970."""
    return int(at.timestamp()) // _QUANTUM_SECONDS


def moment_of(number: int) -> datetime:
    """When the quantum begins."""
    return datetime.fromtimestamp(number * _QUANTUM_SECONDS, UTC)


def quanta(starts_at: datetime, ends_at: datetime) -> range:
    """Every quantum that the stretch touches, if only in part."""
    return range(quantum(starts_at), -(-int(ends_at.timestamp()) // _QUANTUM_SECONDS))


def day_in(at: datetime, zone: ZoneInfo = LONDON) -> date:
    """Which day it is there then."""
    return at.astimezone(zone).date()


def part_of_day(at: datetime, zone: ZoneInfo = LONDON) -> PartOfDay:
    """Before noon, before five, or later."""
    hour = at.astimezone(zone).hour
    if hour < 12:
        return PartOfDay.MORNING
    return PartOfDay.AFTERNOON if hour < 17 else PartOfDay.EVENING
