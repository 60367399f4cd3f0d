"""Look at who has been heard."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from portal.audit.following import NOTHING, news
from portal.db.engine import Database
from portal.demographics.service import DemographicsService
from portal.people.domain import Participant
from portal.sampling.domain import Answers, Table, attributes, tables
from portal.study.service import StudyBook

MOST = 500
"""Qualitative studies hear tens of people; the newest of more than this are looked at."""
People = Callable[[Collection[str] | None, int], Sequence[Participant]]
"""Participants at these sites (None: all), newest first, at most so many."""


@dataclass(frozen=True)
class Picture:
    """Who has been heard, and the attributes of them and of those who wait."""

    heard: Sequence[Participant]
    tables: tuple[Table, ...]
    complete: bool
    """False if there were more people than are looked at."""


class SamplingService:
    """Reads answers by study ID; writes nothing."""

    def __init__(
        self, database: Database, studies: StudyBook, demographics: DemographicsService, heard: People, waiting: People
    ) -> None:
        self._database = database
        self._studies = studies
        self._demographics = demographics
        self._heard = heard
        self._waiting = waiting
        self._lock = threading.Lock()
        self._seen = NOTHING
        self._opened: Mapping[int, Answers] = {}

    def picture(self, sites: Collection[str] | None) -> Picture:
        """The present picture."""
        heard, waiting = self._heard(sites, MOST + 1), self._waiting(sites, MOST + 1)
        answers = self._answers([*heard[:MOST], *waiting[:MOST]])

        def by_group(people: Sequence[Participant]) -> dict[str, list[Answers]]:
            found: dict[str, list[Answers]] = {}
            for one in people[:MOST]:
                found.setdefault(one.group, []).append(answers[one.id])
            return found

        chosen = attributes(self._studies.current().study)
        counted = tables(chosen, by_group(heard), by_group(waiting))
        return Picture(heard[:MOST], counted, max(len(heard), len(waiting)) <= MOST)

    def _answers(self, people: Sequence[Participant]) -> Mapping[int, Answers]:
        """Opened once, and again when the trail tells that something of hers changed, since opening takes time."""
        with self._lock:
            with self._database.reading() as session:
                happened = news(session, self._seen)
            changed = None if happened.subjects is None else frozenset(happened.subjects)
            kept = {
                one.id: self._opened[one.id] for one in people
                if changed is not None and one.id in self._opened and one.subject not in changed
            }  # fmt: skip
            fresh = self._demographics.answers_of([one.id for one in people if one.id not in kept])
            self._opened = {one.id: kept[one.id] if one.id in kept else fresh.get(one.id, {}) for one in people}
            self._seen = happened.seen
            return self._opened
