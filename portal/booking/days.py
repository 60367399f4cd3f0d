"""Free times laid out by day, on the clock of whoever reads."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from portal.booking.domain import LONDON, PartOfDay, day_in, part_of_day


@dataclass(frozen=True)
class Time:
    """A time to choose."""

    at: datetime
    here: str
    """On her own clock."""
    london: str
    """On London's clock where that differs, or empty."""


@dataclass(frozen=True)
class Day:
    """A day with its times."""

    day: date
    times: tuple[Time, ...]


@dataclass(frozen=True)
class DayPage:
    """Some days of all; `before` and `after` start the neighbouring pages, if there are any."""

    days: tuple[Day, ...]
    before: date | None
    after: date | None


@dataclass(frozen=True)
class Cell:
    """A day of a month's calendar; `free` is None outside the month."""

    day: date
    free: int | None


@dataclass(frozen=True)
class Month:
    """A month as weeks from Monday to Sunday."""

    first: date
    weeks: tuple[tuple[Cell, ...], ...]


def filtered(moments: Sequence[datetime], part: PartOfDay | None, zone: ZoneInfo = LONDON) -> list[datetime]:
    """Those in the part of the day."""
    return [one for one in moments if part is None or part_of_day(one, zone) is part]


def day_page(moments: Sequence[datetime], first: date | None, most: int, zone: ZoneInfo = LONDON) -> DayPage:
    """At most so many days that have times, from the first on. Moments must be in order."""
    every = [(day, list(group)) for day, group in groupby(moments, key=lambda at: day_in(at, zone))]
    start = next((at for at, (day, _) in enumerate(every) if first is None or day >= first), max(len(every) - most, 0))
    shown = every[start : start + most]
    return DayPage(
        days=tuple(Day(day, tuple(_time(at, zone) for at in group)) for day, group in shown),
        before=every[max(start - most, 0)][0] if start > 0 else None,
        after=every[start + most][0] if start + most < len(every) else None,
    )


def months(moments: Sequence[datetime], zone: ZoneInfo = LONDON) -> list[Month]:
    """Every month from the first time to the last, with the number of times on each day."""
    free = Counter(day_in(one, zone) for one in moments)
    if not free:
        return []
    found, first = [], min(free).replace(day=1)
    while first <= max(free):
        after = (first + timedelta(days=32)).replace(day=1)
        monday, weeks = first - timedelta(days=first.weekday()), []
        while monday < after:
            days = [monday + timedelta(days=at) for at in range(7)]
            weeks.append(tuple(Cell(day, free.get(day, 0) if day.month == first.month else None) for day in days))
            monday += timedelta(days=7)
        found.append(Month(first, tuple(weeks)))
        first = after
    return found


def clock(at: datetime, zone: ZoneInfo = LONDON) -> str:
    """The hour on the wall there, "14:05". In the hour that the clocks repeat, with which of the two it is."""
    local = at.astimezone(zone)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M} {local.tzname()}" if twice else f"{local:%H:%M}"


def _time(at: datetime, zone: ZoneInfo) -> Time:
    differs = at.astimezone(zone).utcoffset() != at.astimezone(LONDON).utcoffset()
    return Time(at, clock(at, zone), clock(at) if differs else "")
