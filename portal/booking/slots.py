"""The times that can be booked, derived from diaries. Nothing here is stored."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal.booking.domain import Diary, Slot, day_in, quanta


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
    """One interviewer's free slots in order. Overlapping spans give each time once."""
    seen: set[datetime] = set()
    for span in diary.spans:
        starts_at = span.starts_at
        while starts_at + offer.length <= span.ends_at:
            if offer.earliest <= starts_at <= offer.latest and starts_at not in seen:
                seen.add(starts_at)
                slot = Slot(starts_at, diary.interviewer_id, starts_at + offer.length)
                if is_free(diary, slot):
                    yield slot
            starts_at += offer.every


def is_free(diary: Diary, slot: Slot) -> bool:
    """Whether nothing stands against the slot: no claim up to its buffer's end, no absence, no full day."""
    return (
        diary.claimed.isdisjoint(quanta(slot.starts_at, slot.ends_at + diary.buffer))
        and diary.away.isdisjoint(quanta(slot.starts_at, slot.ends_at))
        and diary.booked.get(day_in(slot.starts_at), 0) < diary.daily_limit
    )


def pooled(diaries: Iterable[Diary], offer: Offer) -> list[Slot]:
    """Every interviewer's slots, by time; at the same time, who has fewest appointments that day comes first."""
    load = {}
    found = []
    for diary in diaries:
        for slot in slots_of(diary, offer):
            found.append(slot)
            load[slot] = diary.booked.get(day_in(slot.starts_at), 0)
    return sorted(found, key=lambda slot: (slot.starts_at, load[slot], slot.interviewer_id))


def times(slots: Iterable[Slot]) -> list[datetime]:
    """When one could start, each time once, in order."""
    return sorted({slot.starts_at for slot in slots})


def nearest(slots: Iterable[Slot], wanted: datetime, most: int = 6) -> list[datetime]:
    """The times closest to the one that she wanted, in order of time."""
    return sorted(sorted(times(slots), key=lambda at: (abs(at - wanted), at))[:most])
