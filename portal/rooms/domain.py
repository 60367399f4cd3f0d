"""A room, when it is open, and how an interview ended. Times are facts of the room; nothing here talks to anybody."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from portal.people.domain import Participant
from portal.study.interview import InterviewRoom

LONGEST_NOTE = 50_000
LONGEST_REASON = 1_000
LONGEST_NAME = 40
OPEN_BY_HAND = timedelta(hours=4)
"""How long a room that a researcher opened by hand may be used."""


AFTER_HOURS = timedelta(days=1)
"""How long after a room's hours somebody may still be in it."""
TALK_AFTER_HOURS = timedelta(hours=6)
"""Nobody talks for so long after a room's hours: pages were forgotten, and would be recorded until the disk is full."""


class Outcome(StrEnum):
    """How an interview ended, as the researcher marks it."""

    DONE = "done"
    BROKEN_OFF = "broken_off"
    NOT_ATTENDED = "not_attended"


class Ending(StrEnum):
    """Why a call is over for somebody, as her page is told. In the address of what she reads then: so none tells of her
    what whoever looks over her shoulder should not know.
    """

    ENDED = "ended"
    """The researcher ended it for all."""
    DONE = "done"
    ENDED_EARLY = "ended_early"
    NOT_HELD = "not_held"
    """These three: by how the interview was marked."""
    HOURS = "hours"
    CANCELLED = "cancelled"
    MOVED = "moved"
    BY_PHONE = "by_phone"
    """These four: while nobody talked."""
    WITHDRAWN = "withdrawn"
    LEFT = "left"
    STOPPED = "stopped"
    DECLINED = "declined"
    REPLACED = "replaced"


class CalledOff(StrEnum):
    """Why an agreed interview by video does not take place."""

    CANCELLED = "cancelled"
    MISSED = "missed"
    BY_PHONE = "by_phone"


class GuestRole(StrEnum):
    """Somebody else in the room, besides the participant and the team."""

    INTERPRETER = "interpreter"
    SUPPORTER = "supporter"


class Phase(StrEnum):
    """Where a meeting stands at a moment."""

    EARLY = "early"
    OPEN = "open"
    OVER = "over"


@dataclass(frozen=True)
class Appointment:
    """An agreed interview by video. The key names it for ever, also when it is moved."""

    key: str
    participant_id: int
    starts_at: datetime
    ends_at: datetime
    called_off: CalledOff | None = None


class Appointments(Protocol):
    """What rooms ask of whoever keeps the agreed times. Those that were called off are given by key alone."""

    def by_key(self, keys: Collection[str]) -> Mapping[str, Appointment]:
        """Those of these keys, by key."""

    def of(self, participant_id: int) -> Sequence[Appointment]:
        """Her agreed interviews by video, past ones too, in order of time."""

    def between(self, earliest: datetime, latest: datetime) -> Sequence[Appointment]:
        """Everybody's that start between the moments, in order of time."""


@dataclass(frozen=True)
class Hours:
    """When somebody may come into a room."""

    starts_at: datetime
    opens_at: datetime
    closes_at: datetime

    def phase(self, now: datetime) -> Phase:
        """Early, open or over."""
        if now < self.opens_at:
            return Phase.EARLY
        return Phase.OPEN if now < self.closes_at else Phase.OVER


@dataclass(frozen=True)
class Room:
    """A room for one participant's interview."""

    id: int
    code: str
    participant: Participant
    hours: Hours
    publication_hash: str
    """The study as it was when the room was opened: its topic guide is this one."""
    appointment_key: str | None
    outcome: Outcome | None
    ended_at: datetime | None = None
    """When it was ended for all."""

    @property
    def subject(self) -> str:
        """How audit events name it."""
        return f"room:{self.id}"

    @property
    def ended(self) -> bool:
        """It was ended for all."""
        return self.ended_at is not None

    def may_return(self, now: datetime) -> bool:
        """Whether people may come back although its hours are over: nobody's call is cut off by the clock, so it is
        ended only once they have stopped talking.
        """
        lately = self.hours.closes_at <= now < self.hours.closes_at + AFTER_HOURS
        return self.outcome is None and not self.ended and lately

    def is_open(self, now: datetime) -> bool:
        """Whether people may come in: within its hours, until it was ended for all."""
        return self.outcome is None and not self.ended and self.hours.phase(now) is Phase.OPEN


@dataclass(frozen=True)
class Mark:
    """A member's word on how an interview ended."""

    at: datetime
    outcome: Outcome
    staff_id: int


@dataclass(frozen=True)
class Meeting:
    """What a participant's page tells about her next interview."""

    hours: Hours
    phase: Phase


@dataclass(frozen=True)
class Note:
    """Private notes of one member on one interview. A revision is given up once a newer one is kept."""

    text: str
    revision: int


@dataclass(frozen=True)
class Tick:
    """A topic that was talked about, and where in the recording (milliseconds) if one was running."""

    topic: str
    recording_ms: int | None


def hours_of(appointment: Appointment, rules: InterviewRoom) -> Hours:
    """When the room of an appointment is open."""
    return Hours(
        appointment.starts_at,
        appointment.starts_at - timedelta(minutes=rules.opens_minutes_before),
        appointment.starts_at + timedelta(hours=rules.closes_hours_after),
    )


def outlived(room: Room, appointment: Appointment) -> bool:
    """Whether the appointment was moved after its room was over: it is held in another room then."""
    return (room.ended or room.outcome is not None) and appointment.starts_at != room.hours.starts_at


def hours_from(now: datetime) -> Hours:
    """When a room that is opened by hand now is open."""
    return Hours(now, now, now + OPEN_BY_HAND)


def next_meeting(hours: Sequence[Hours], now: datetime) -> Meeting | None:
    """The one that is open now, or the next to come."""
    coming = sorted((one for one in hours if one.phase(now) is not Phase.OVER), key=lambda one: one.opens_at)
    return Meeting(coming[0], coming[0].phase(now)) if coming else None
