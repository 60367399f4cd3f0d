"""The times that can be booked, derived from diaries. Nothing here is stored."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal.booking.domain import QUANTUM, Diary, Slot, day_in, moment_of, quantum


@dataclass(frozen=True)
class Offer:
    """What is asked for: how long, how far apart, and between which moments a slot may start."""

    length: timedelta
    every: timedelta
    earliest: datetime
    latest: datetime

    def only(self, at: datetime) -> "Offer":
        """The same for this one moment."""
        return replace(self, earliest=max(self.earliest, at), latest=min(self.latest, at))


def slots_of(diary: Diary, offer: Offer) -> Iterator[Slot]:
    """One interviewer's free slots: no claim up to the buffer's end, no absence, no full day.

    Spans that overlap give each time once.
    """
    length, every, buffer = (one // QUANTUM for one in (offer.length, offer.every, diary.buffer))
    seen: set[int] = set()
    for span in diary.spans:
        for at in range(quantum(span.starts_at), quantum(span.ends_at) - length + 1, every):
            if at in seen:
                continue
            seen.add(at)
            taken = not diary.claimed.isdisjoint(range(at, at + length + buffer))
            if taken or not diary.away.isdisjoint(range(at, at + length)):
                continue
            starts_at = moment_of(at)
            if offer.earliest <= starts_at <= offer.latest and _load(diary, starts_at) < diary.daily_limit:
                yield Slot(starts_at, diary.interviewer_id, starts_at + offer.length)


def pooled(diaries: Iterable[Diary], offer: Offer) -> list[Slot]:
    """Every interviewer's slots, by time; at the same time, who has fewest appointments that day comes first."""
    found = [
        (slot.starts_at, _load(diary, slot.starts_at), slot.interviewer_id, slot)
        for diary in diaries
        for slot in slots_of(diary, offer)
    ]
    return [slot for *_, slot in sorted(found)]


def times(slots: Iterable[Slot]) -> list[datetime]:
    """When one could start, each time once, in order."""
    return sorted({slot.starts_at for slot in slots})


def nearest(slots: Iterable[Slot], wanted: datetime, most: int = 6) -> list[datetime]:
    """The times closest to the one that she wanted, in order of time."""
    return sorted(sorted(times(slots), key=lambda at: (abs(at - wanted), at))[:most])


def _load(diary: Diary, at: datetime) -> int:
    """How many appointments she has that day."""
    return diary.booked.get(day_in(at), 0) if diary.booked else 0
