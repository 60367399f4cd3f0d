"""Everybody's standing, kept in memory and brought up to date by the audit trail.

Whatever changes a participant's standing records an audit event in the same transaction, so the events since the last
look tell whose standing has to be derived anew; nothing is stored, and nothing can be stale. A newer version of the
study, or a trail that is shorter than before (a backup was put back), has everything derived anew.
"""

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.store import AuditEvent, AuditHead
from portal.consent.store import ConsentRow
from portal.db.engine import Database
from portal.people.store import ParticipantRow
from portal.rooms.store import RoomRow
from portal.study.service import Publication, StudyBook
from portal.workspace.domain import Place, Standing
from portal.workspace.facts import Derivation

_MOST_CHANGES = 2000
"""After more events than this it is quicker to derive everybody."""
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
        self._seq = -1
        self._version = ""
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

    def of(self, participant_id: int) -> Standing:
        """One participant's standing. Raises KeyError."""
        with self._lock:
            self._refresh()
            return self._rows[self._places[participant_id]]

    def _refresh(self) -> None:
        present = self._studies.current()
        version = present.content_hash
        with self._database.reading() as session:
            seq = session.execute(select(AuditHead.seq).where(AuditHead.id == 1)).scalar_one()
            if (seq, version) == (self._seq, self._version):
                return
            changed = self._changed(session, seq) if version == self._version else None
            if changed is None:
                self._rows, self._places, self._counts = [], {}, Counter()
            for number, standing in _derived(session, self._by(present), changed):
                self._place(number, standing)
        self._seq, self._version = seq, version

    def _by(self, present: Publication) -> Derivation:
        if self._derivation is None or self._derivation.version != present.content_hash:
            self._derivation = Derivation(self._studies, present)
        return self._derivation

    def _place(self, number: int, standing: Standing) -> None:
        at = self._places.get(number)
        if at is None:
            self._places[number] = len(self._rows)
            self._rows.append(standing)
        else:
            self._counts[self._rows[at].place] -= 1
            self._rows[at] = standing
        self._counts[standing.place] += 1

    def _changed(self, session: Session, seq: int) -> set[int] | None:
        """Whose standing may have changed since the last look; None for too many to tell apart."""
        if not 0 <= self._seq <= seq or seq - self._seq > _MOST_CHANGES:
            return None
        query = select(AuditEvent.subject).where(AuditEvent.seq > self._seq, AuditEvent.seq <= seq)
        named: dict[str, set[str]] = {}
        for subject in session.scalars(query):
            what, _, which = subject.partition(":")
            named.setdefault(what, set()).add(which)
        return _participants(session, named)


def _derived(session: Session, by: Derivation, ids: Collection[int] | None) -> Iterable[tuple[int, Standing]]:
    if ids is None:
        yield from by.derive(session, None)
        return
    ordered = sorted(ids)
    for start in range(0, len(ordered), _AT_ONCE):
        yield from by.derive(session, ordered[start : start + _AT_ONCE])


def _participants(session: Session, named: Mapping[str, Collection[str]]) -> set[int]:
    """The numbers of the participants whom events of these subjects concern."""
    found: set[int] = set()
    if people := named.get("participant"):
        found.update(session.scalars(select(ParticipantRow.id).where(ParticipantRow.study_id.in_(people))))
    if consents := named.get("consent"):
        found.update(session.scalars(select(ConsentRow.participant_id).where(ConsentRow.reference.in_(consents))))
    if rooms := [int(one) for one in named.get("room", ()) if one.isdecimal()]:
        found.update(session.scalars(select(RoomRow.participant_id).where(RoomRow.id.in_(rooms))))
    return found
