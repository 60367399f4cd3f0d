"""What a message is, how somebody may be reached, and when it is safe to write to her."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
EVERY_DAY = frozenset(range(7))
_BEFORE_CLOSING = timedelta(minutes=30)
_WEEK_AND_A_DAY = 9


class Channel(StrEnum):
    """How a message travels."""

    EMAIL = "email"
    SMS = "sms"


class Outcome(StrEnum):
    """How a message ended."""

    SENT = "sent"
    CANCELLED = "cancelled"
    UNWANTED = "unwanted"
    """She wants no messages of this kind, or none at all."""
    CAPPED = "capped"
    """She was sent as many of this kind lately as one person should get."""
    TOO_LATE = "too_late"
    NO_ADDRESS = "no_address"
    REFUSED = "refused"
    """Her mail or telephone service says that the address does not exist or takes nothing."""
    EXHAUSTED = "exhausted"
    """It was tried again and again in vain."""
    UNSURE = "unsure"
    """It was cut off while being handed over: it may have arrived. Nobody is sent the same thing twice by guesswork."""


@dataclass(frozen=True)
class Bounced:
    """A message that was taken, and then not delivered after all."""

    message_id: str
    outcome: Outcome
    address: str


FAILURES = frozenset({Outcome.TOO_LATE, Outcome.NO_ADDRESS, Outcome.REFUSED, Outcome.EXHAUSTED, Outcome.UNSURE})
"""What the team has to look at: somebody was not told, or perhaps not."""


@dataclass(frozen=True)
class SafeHours:
    """When messages may arrive: from one whole hour to another, on some days of the week, by the clocks in London."""

    start: int = 8
    """First hour of the day, 0 to 23."""
    end: int = 20
    """Hour at which it ends, 1 to 24, after the start."""
    days: frozenset[int] = EVERY_DAY
    """0 is Monday. Never empty."""

    def __post_init__(self) -> None:
        if not (0 <= self.start < self.end <= 24 and self.days and self.days <= EVERY_DAY):
            raise ValueError("safe hours must start before they end, on at least one day of the week")

    def contains(self, moment: datetime) -> bool:
        """Whether the clocks in London stand inside."""
        local = moment.astimezone(LONDON)
        return local.weekday() in self.days and self.start <= local.hour < self.end

    def next_from(self, moment: datetime) -> datetime:
        """The earliest safe moment from this one on."""
        if self.contains(moment):
            return moment
        first = moment.astimezone(LONDON).date()
        openings = (_local(first + timedelta(days=day), self.start) for day in range(_WEEK_AND_A_DAY))
        return next(one for one in openings if one >= moment and self.contains(one))

    def last_until(self, moment: datetime, *, earliest: datetime) -> datetime | None:
        """A safe moment before this one and not before `earliest`: half an hour before the last window closes."""
        last = moment.astimezone(LONDON).date()
        for day in range(_WEEK_AND_A_DAY):
            closing = _local(last - timedelta(days=day), self.end) - _BEFORE_CLOSING
            if closing <= moment and self.contains(closing):
                return closing if closing >= earliest else None
        return None


CAREFUL_HOURS = SafeHours()
"""For who has not chosen: no messages at night."""


def _local(day: date, hour: int) -> datetime:
    """The hour on London's clocks in UTC; 24 is the midnight that ends the day."""
    if hour == 24:
        day, hour = day + timedelta(days=1), 0
    return datetime.combine(day, time(hour), LONDON).astimezone(UTC)


def plan(hours: SafeHours | None, wanted: datetime, not_after: datetime | None, now: datetime) -> datetime | None:
    """When to send what is wanted at a moment and worthless after another.

    Later in her safe hours if need be; if that is too late, earlier; None if there is no safe moment left.
    """
    wanted = max(wanted, now)
    moment = hours.next_from(wanted) if hours else wanted
    if not_after is None or moment <= not_after:
        return moment
    return hours.last_until(min(wanted, not_after), earliest=now) if hours else None


@dataclass(frozen=True)
class Contact:
    """How somebody may be reached now, by her own choices."""

    language: str
    email: str | None = None
    phone: str | None = None
    channel: Channel | None = Channel.EMAIL
    """None: she wants no messages but those that she has just asked for."""
    hours: SafeHours | None = None
    neutral_name: bool = True
    """Whether the sender's name must tell nothing."""
    optional: bool = True
    """Whether she takes messages that she can do without."""
    group: str = ""

    def address(self, channel: Channel) -> str | None:
        """Where a message by the channel goes."""
        return self.email if channel is Channel.EMAIL else self.phone


Directory = Callable[[Sequence[str]], Mapping[str, Contact]]
"""Looks up "participant:C-0007" and "staff:3"; leaves out who is not there any more."""


@dataclass(frozen=True)
class Attachment:
    """A file that goes along. `parameters` belong to the type, such as {"method": "REQUEST"} of text/calendar."""

    name: str
    media_type: str
    content: bytes
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Letter:
    """A message ready to be handed over."""

    channel: Channel
    to: str
    subject: str
    text: str
    html: str
    sender_name: str
    message_id: str
    """Stays the same however often it is tried, so that mail programs can tell a repetition."""
    stop_url: str = ""
    """One click there ends messages that she can do without; empty for those that she needs."""
    attachments: tuple[Attachment, ...] = ()
