"""Ask where everybody is: a page of the list, one participant, or the study's flow."""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from portal.clock import Clock
from portal.people.domain import Participant
from portal.recordings.domain import Recording
from portal.workspace.domain import (
    Meeting,
    MeetingSource,
    PageOfPeople,
    RecordingSource,
    Standing,
    Step,
    Tally,
    ToDo,
    ToDoSource,
    Wanted,
)
from portal.workspace.roster import Roster

PER_PAGE = 50
SOON = timedelta(hours=24)


class Overview:
    """Reads; changes nothing."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def page(self, wanted: Wanted, number: int, sites: Collection[str] | None = None) -> PageOfPeople:
        """A page (from 1) of those wanted, newest first; a number that is too high gives the last page.

        Args:
            sites: keys of the sites that the reader may see; None for all.
        """
        found = _narrowed(self._roster.everybody(), wanted, sites)
        pages = max(1, -(-len(found) // PER_PAGE))
        number = min(max(number, 1), pages)
        last = len(found) - (number - 1) * PER_PAGE
        rows = tuple(reversed(found[max(last - PER_PAGE, 0) : last]))
        return PageOfPeople(rows, number, pages, len(found))

    def step(self, person: Participant) -> Step:
        """Where one participant is."""
        return self._roster.of(person.id).step

    def newest(self, steps: Collection[Step], sites: Collection[str] | None, most: int) -> list[Participant]:
        """Those at one of the steps, newest first, at most so many."""
        return self._roster.newest(steps, sites, most)

    def tallies(self, sites: Collection[str] | None = None) -> tuple[Tally, ...]:
        """How many are where, by site and group."""
        return tuple(
            Tally(*place, people=people)
            for place, people in self._roster.counts().items()
            if people and (sites is None or place.site in sites)
        )


class HerRecordings:
    """The recordings of a participant's interviews."""

    def __init__(self, source: RecordingSource) -> None:
        self._source = source

    def of(self, person: Participant) -> list[Recording]:
        """Newest first; those destroyed as well."""
        return list(self._source(person))


class Week:
    """The interviews of the next seven days."""

    def __init__(self, source: MeetingSource, clock: Clock) -> None:
        self._source = source
        self._clock = clock

    def meetings(self, sites: Collection[str] | None) -> tuple[list[Meeting], list[Meeting]]:
        """Those at these sites (None: all), by time, and those of them that begin so soon that somebody prepares."""
        found = list(self._source(sites))
        return found, [one for one in found if one.starts_at <= self._clock() + SOON]


class ToDoList:
    """What waits for somebody, as each feature tells it."""

    def __init__(self, sources: Iterable[ToDoSource]) -> None:
        self._sources = tuple(sources)

    def items(self, permissions: frozenset[str], sites: Collection[str] | None) -> list[ToDo]:
        """Everything that waits for somebody with these permissions and sites."""
        return [item for source in self._sources for item in source(permissions, sites) if item.count]


def _narrowed(rows: Sequence[Standing], wanted: Wanted, sites: Collection[str] | None) -> Sequence[Standing]:
    """Those wanted. What is not asked for costs nothing, since there may be thousands."""
    if sites is not None:
        rows = [one for one in rows if one.person.site in sites]
    if wanted.site:
        rows = [one for one in rows if one.person.site == wanted.site]
    if wanted.group:
        rows = [one for one in rows if one.person.group == wanted.group]
    if wanted.step:
        rows = [one for one in rows if one.step == wanted.step]
    if part := wanted.study_id.strip().upper():
        rows = [one for one in rows if part in one.person.study_id]
    return rows
