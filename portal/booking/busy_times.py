"""Read the busy times out of a calendar that anybody could have written.

Run as a process of its own (`python -m portal.booking.busy_times FIRST LAST SECONDS`, the calendar on standard input),
with little time and memory: whatever a hostile file does, it does to that process alone.
"""

import json
import resource
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar

_LONDON = ZoneInfo("Europe/London")
_MOST = 20_000
"""Times in the span that is looked at; a calendar with more is none of a person."""
_MEMORY = 600_000_000

Pair = tuple[datetime, datetime]


class TooMuch(Exception):
    """More than a person could have in a calendar."""


def busy(content: bytes, first: datetime, last: datetime) -> list[Pair]:
    """Busy times between the moments, merged, in UTC. Raises ValueError if it is no calendar, TooMuch."""
    events: list[Any] = [event for one in Calendar.from_ical(content, multiple=True) for event in one.walk("VEVENT")]
    moved: dict[str, set[datetime]] = defaultdict(set)
    for event in events:
        if "RECURRENCE-ID" in event:
            moved[str(event.get("UID"))].add(_utc(event["RECURRENCE-ID"].dt))
    found: list[Pair] = []
    for event in events:
        for starts_at, ends_at in _times(event, last, moved):
            if ends_at > first and starts_at < last:
                found.append((max(starts_at, first), min(ends_at, last)))
                if len(found) > _MOST:
                    raise TooMuch
    return merged(found)


def merged(pairs: Iterable[Pair]) -> list[Pair]:
    """The same times in as few pairs as can be."""
    result: list[Pair] = []
    for starts_at, ends_at in sorted(pairs):
        if result and starts_at <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], ends_at))
        else:
            result.append((starts_at, ends_at))
    return result


# Events are Any here: a file may hold anything under any name, and what does not fit raises in this process alone.


def _times(event: Any, last: datetime, moved: dict[str, set[datetime]]) -> Iterator[Pair]:
    """Each time that the event takes, as long as it blocks time at all."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED" or str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return
    if "DTSTART" not in event:
        return
    start, length = event["DTSTART"].dt, _length(event)
    skipped = {_utc(one.dt) for one in _dates(event, "EXDATE")}
    if "RECURRENCE-ID" not in event:
        skipped |= moved[str(event.get("UID"))]
    for at in _starts(event, start, last):
        if at not in skipped:
            yield at, at + length


def _starts(event: Any, start: date, last: datetime) -> Iterator[datetime]:
    yield _utc(start)
    for one in _dates(event, "RDATE"):
        yield _utc(one.dt[0] if isinstance(one.dt, tuple) else one.dt)
    for rule in _list(event.get("RRULE")):
        yield from _repeated(rule, start, last)


def _repeated(rule: Any, start: date, last: datetime) -> Iterator[datetime]:
    """The rule's times after the first one, on the wall clock of the event's own zone."""
    until = next((_utc(one) for one in _list(rule.get("UNTIL"))), last)
    text = ";".join(part for part in rule.to_ical().decode().split(";") if not part.startswith("UNTIL="))
    wall = start.replace(tzinfo=None) if isinstance(start, datetime) else datetime.combine(start, time())
    zone = _zone(start)
    for one in rrulestr(text, dtstart=wall):
        at = one.replace(tzinfo=zone).astimezone(UTC)
        if at > min(until, last):
            return
        if one != wall:
            yield at


def _length(event: Any) -> timedelta:
    start = event["DTSTART"].dt
    if "DTEND" in event:
        return max(_utc(event["DTEND"].dt) - _utc(start), timedelta())
    if "DURATION" in event:
        length: timedelta = event["DURATION"].dt
        return max(length, timedelta())
    return timedelta() if isinstance(start, datetime) else timedelta(days=1)


def _dates(event: Any, name: str) -> list[Any]:
    return [one for each in _list(event.get(name)) for one in each.dts]


def _list(value: Any) -> list[Any]:
    """One, several or none, as a list: the library gives whichever it found."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _zone(value: date) -> tzinfo:
    """The value's zone; what floats or is a whole day is London's."""
    return (value.tzinfo if isinstance(value, datetime) else None) or _LONDON


def _utc(value: date) -> datetime:
    at = value if isinstance(value, datetime) else datetime.combine(value, time())
    return at.replace(tzinfo=_zone(value)).astimezone(UTC)


def main() -> None:
    """Print the busy times as JSON, in seconds since 1970; or leave with another code than 0."""
    seconds = int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    first, last = (datetime.fromtimestamp(int(one), UTC) for one in sys.argv[1:3])
    found = busy(sys.stdin.buffer.read(), first, last)
    sys.stdout.write(json.dumps([[int(one.timestamp()) for one in pair] for pair in found]))


if __name__ == "__main__":
    main()
