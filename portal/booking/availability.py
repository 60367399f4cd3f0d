"""The hours that an interviewer offers: a weekly pattern, and single days that differ from it."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.booking.domain import LONDON, QUANTUM, Span
from portal.booking.errors import WindowRefused

DAY = 24 * 60
_STEP = int(QUANTUM.total_seconds()) // 60
_WINDOW = re.compile(r"^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$")


@dataclass(frozen=True, order=True)
class Window:
    """From when to when, in minutes on the wall clock since midnight; 1440 is midnight at the day's end."""

    starts: int
    ends: int

    def __post_init__(self) -> None:
        if not (0 <= self.starts < self.ends <= DAY):
            raise WindowRefused("a time must end after it starts, on the same day")
        if self.starts % _STEP or self.ends % _STEP:
            raise WindowRefused("times go in steps of five minutes")

    def __str__(self) -> str:
        return f"{_clock(self.starts)}-{_clock(self.ends)}"


Windows = tuple[Window, ...]


@dataclass(frozen=True)
class Plan:
    """When an interviewer has time."""

    weekly: Mapping[int, Windows] = field(default_factory=dict)
    """By weekday, Monday is 0."""
    days: Mapping[date, Windows] = field(default_factory=dict)
    """Single days that differ from the week; no windows at all means a day off."""

    def on(self, day: date, holidays: Collection[date] = ()) -> Windows:
        """The day's windows. A weekly pattern rests on holidays; what was set for the very day counts always."""
        if day in self.days:
            return self.days[day]
        return () if day in holidays else self.weekly.get(day.weekday(), ())


def parse(text: str) -> Windows:
    """Windows from "09:00-12:00, 13:30-17:00". Overlapping and touching ones become one. Raises WindowRefused."""
    found = []
    for part in filter(None, (one.strip() for one in re.split(r"[,;\n]", text.replace("–", "-")))):
        match = _WINDOW.match(part)
        if match is None:
            raise WindowRefused(f"write times like 09:00-12:30, not {part!r}")
        hours, minutes, to_hours, to_minutes = (int(one) for one in match.groups())
        if minutes > 59 or to_minutes > 59:
            raise WindowRefused(f"there is no such time: {part}")
        found.append(Window(hours * 60 + minutes, to_hours * 60 + to_minutes))
    return merged(found)


def write(windows: Iterable[Window]) -> str:
    """The windows as `parse` reads them."""
    return ", ".join(str(one) for one in windows)


def merged(windows: Iterable[Window]) -> Windows:
    """The same hours in as few windows as can be, in order."""
    result: list[Window] = []
    for one in sorted(windows):
        if result and one.starts <= result[-1].ends:
            result[-1] = Window(result[-1].starts, max(result[-1].ends, one.ends))
        else:
            result.append(one)
    return tuple(result)


def open_spans(
    plan: Plan, first: date, last: date, *, holidays: Collection[date] = (), zone: ZoneInfo = LONDON
) -> Iterator[Span]:
    """The plan's hours from the first day to the last, as moments."""
    day = first
    while day <= last:
        for window in plan.on(day, holidays):
            span = Span(
                moment(day, window.starts, closing=False, zone=zone), moment(day, window.ends, closing=True, zone=zone)
            )
            if span.starts_at < span.ends_at:
                yield span
        day += timedelta(days=1)


def moment(day: date, minutes: int, *, closing: bool, zone: ZoneInfo = LONDON) -> datetime:
    """When a clock on the wall shows so many minutes past midnight.

    An hour that the clocks skip is taken as the moment they change. Of an hour that they repeat, a window opens at
    the first and closes at the second: whoever wrote it meant both.
    """
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first > second:
        return _change(second, zone)
    return second if closing else first


def _change(before: datetime, zone: ZoneInfo) -> datetime:
    """The first moment after `before` at which the clocks show another offset."""
    offset, at = before.astimezone(zone).utcoffset(), before
    while at.astimezone(zone).utcoffset() == offset:
        at += QUANTUM
    return at


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
