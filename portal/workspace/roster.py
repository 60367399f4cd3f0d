"""Everybody's standing, kept in memory and brought up to date by the audit trail.

The events since the last look tell whose standing has to be derived anew (`portal.audit.following`); nothing is stored,
and nothing can be stale. A newer version of the study has everybody derived anew.
"""

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.following import NOTHING, news
from portal.consent.store import ConsentRow
from portal.db.engine import Database
from portal.people.domain import Participant
from portal.people.store import ParticipantRow
from portal.rooms.store import RoomRow
from portal.study.service import StudyBook
from portal.workspace.domain import Place, Standing, Step
from portal.workspace.facts import Derivation

_AT_ONCE = 500


class Roster:
    """One for each process. Thread-safe."""

    def __init__(self, database: Database, studies: StudyBook) -> None:
        self._database = database
        self._studies = studies
        self._lock = threading.Lock()
        self._rows: list[Standing] = []
        self._places: dict[int, int] = {}
        self._counts: Counter[Place] = Counter()
        self._numbers: dict[str, int] = {}
        self._seen = NOTHING
        self._derivation: Derivation | None = None

    def everybody(self) -> Sequence[Standing]:
        """Everybody's standing, oldest first."""
        with self._lock:
            self._refresh()
            return self._rows

    def counts(self) -> Mapping[Place, int]:
        """How many people are where."""
        with self._lock:
            self._refresh()
            return dict(self._counts)

    def newest(self, steps: Collection[Step], sites: Collection[str] | None, most: int) -> list[Participant]:
        """Those at one of the steps and sites (None: all), newest first, at most so many; looks no further back."""
        with self._lock:
            self._refresh()
            there = (one for place, one in self._counts.items() if place.step in steps and _seen(place.site, sites))
            wanted = min(most, sum(there))
            found: list[Participant] = []
            for one in reversed(self._rows):
                if len(found) == wanted:
                    break
                if one.step in steps and _seen(one.person.site, sites):
                    found.append(one.person)
            return found

    def of(self, participant_id: int) -> Standing:
        """One participant's standing. Raises KeyError."""
        with self._lock:
            self._refresh()
            return self._rows[self._places[participant_id]]

    def _refresh(self) -> None:
        present = self._studies.current()
        with self._database.reading() as session:
            happened = news(session, self._seen)
            if happened.subjects is None or not self._derivation or self._derivation.version != present.content_hash:
                self._begin(session, Derivation(self._studies, present))
            elif happened.subjects:
                self._follow(session, self._derivation, happened.subjects)
        self._seen = happened.seen

    def _begin(self, session: Session, by: Derivation) -> None:
        """Derive everybody. Until that is done nothing is known, so that a failure half-way is not taken for it."""
        self._derivation = None
        self._rows, self._places, self._numbers, self._counts = [], {}, {}, Counter()
        for number, standing in by.derive(session, None):
            self._place(number, standing)
        self._derivation = by

    def _follow(self, session: Session, by: Derivation, subjects: Iterable[str]) -> None:
        """Derive anew those whom events of these subjects concern."""
        ids = sorted(self._concerned(session, subjects))
        for start in range(0, len(ids), _AT_ONCE):
            for number, standing in by.derive(session, ids[start : start + _AT_ONCE]):
                self._place(number, standing)

    def _place(self, number: int, standing: Standing) -> None:
        at = self._places.get(number)
        if at is None:
            self._places[number] = len(self._rows)
            self._numbers[standing.person.study_id] = number
            self._rows.append(standing)
        else:
            self._counts[self._rows[at].place] -= 1
            self._rows[at] = standing
        self._counts[standing.place] += 1

    def _concerned(self, session: Session, subjects: Iterable[str]) -> set[int]:
        """The numbers of the participants whom events of these subjects concern."""
        named: dict[str, set[str]] = {}
        for subject in subjects:
            what, _, which = subject.partition(":")
            named.setdefault(what, set()).add(which)
        people = named.get("participant", set())
        found = {self._numbers[one] for one in people if one in self._numbers}
        if new := people - self._numbers.keys():
            found.update(session.scalars(select(ParticipantRow.id).where(ParticipantRow.study_id.in_(new))))
        if consents := named.get("consent"):
            found.update(session.scalars(select(ConsentRow.participant_id).where(ConsentRow.reference.in_(consents))))
        if rooms := [int(one) for one in named.get("room", ()) if one.isdecimal()]:
            found.update(session.scalars(select(RoomRow.participant_id).where(RoomRow.id.in_(rooms))))
        return found


def _seen(site: str, sites: Collection[str] | None) -> bool:
    return sites is None or site in sites
