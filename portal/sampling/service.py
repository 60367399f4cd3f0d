"""Look at who has been heard."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from portal.demographics.service import DemographicsService
from portal.people.domain import Participant
from portal.sampling.domain import Answers, Table, attributes, tables
from portal.study.service import StudyBook

MOST = 500
"""Qualitative studies hear tens of people; the newest of more than this are looked at."""
People = Callable[[Collection[str] | None], Sequence[Participant]]
"""Participants at these sites (None: all), newest first."""


@dataclass(frozen=True)
class Picture:
    """Who has been heard, and the attributes of them and of those who wait."""

    heard: Sequence[Participant]
    tables: tuple[Table, ...]
    complete: bool
    """False if there were more people than are looked at."""


class SamplingService:
    """Reads answers by study ID; writes nothing."""

    def __init__(self, studies: StudyBook, demographics: DemographicsService, heard: People, waiting: People) -> None:
        self._studies = studies
        self._demographics = demographics
        self._heard = heard
        self._waiting = waiting
        self._opened: dict[int, tuple[tuple[int, int], Answers]] = {}

    def picture(self, sites: Collection[str] | None) -> Picture:
        """The present picture. Answers are opened once and again when they change, since opening takes time."""
        heard, waiting = self._heard(sites), self._waiting(sites)
        looked = [*heard[:MOST], *waiting[:MOST]]
        answers = self._answers([one.id for one in looked])

        def by_group(people: Sequence[Participant]) -> dict[str, list[Answers]]:
            found: dict[str, list[Answers]] = {}
            for one in people[:MOST]:
                found.setdefault(one.group, []).append(answers.get(one.id, {}))
            return found

        chosen = attributes(self._studies.current().study)
        counted = tables(chosen, by_group(heard), by_group(waiting))
        return Picture(heard[:MOST], counted, max(len(heard), len(waiting)) <= MOST)

    def _answers(self, participant_ids: Collection[int]) -> dict[int, Answers]:
        stamps = self._demographics.stamps(participant_ids)
        opened = {key: self._opened[key] for key, stamp in stamps.items() if self._opened.get(key, (None,))[0] == stamp}
        fresh = self._demographics.answers_of(stamps.keys() - opened.keys())
        opened |= {key: (stamps[key], answers) for key, answers in fresh.items()}
        self._opened = opened
        return {key: answers for key, (_, answers) in opened.items()}
