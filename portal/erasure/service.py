"""Carry an erasure out, with proof. Killed anywhere, it can be done again: nothing is lost or done by halves."""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import select

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.db.kinds import DataKind
from portal.erasure import events
from portal.erasure.domain import Cause, Erasure, Outcome, Remover
from portal.erasure.emptying import empty
from portal.erasure.store import ErasureRow
from portal.people.domain import Participant
from portal.people.store import ParticipantRow
from portal.reference import new_reference

NEWEST = 50
ACTOR = Actor.system("erasure")


class ErasureService:
    """The only one that erases."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, removers: Iterable[Remover]) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._removers = tuple(removers)

    def erase(self, person: Participant, kind: DataKind, cause: Cause, because: str) -> Erasure:
        """Destroy her keys of the kind, empty what they sealed, remove what no key seals, and record the proof.

        The keys go first: whatever fails later, nothing is readable any more, and the duty finishes the rest.
        """
        keys = self._database.personal
        keys.destroy(person.study_id, kind, self._clock())
        removed: dict[str, int] = {}
        for one in self._removers:
            if one.kind is kind and (count := one.remove(person)):
                removed[one.what] = count
        prints = tuple(one.fingerprint for one in keys.destroyed(person.study_id) if one.kind is kind)
        return self._record(person, kind, cause, because, Outcome.ERASED, removed, prints)

    def refuse(self, person: Participant, kind: DataKind, because: str) -> Erasure:
        """Record that the study's day for taking this out had passed."""
        return self._record(person, kind, Cause.WITHDRAWAL, because, Outcome.TOO_LATE, {}, ())

    def newest(self, sites: Collection[str] | None = None) -> list[Erasure]:
        """The newest proofs of these sites (None: all), newest first."""
        query = select(ErasureRow, ParticipantRow.study_id).join(
            ParticipantRow, ParticipantRow.id == ErasureRow.participant_id
        )
        if sites is not None:
            query = query.where(ParticipantRow.site.in_(sites))
        with self._database.reading() as session:
            rows = session.execute(query.order_by(ErasureRow.id.desc()).limit(NEWEST)).all()
        return [row.as_erasure(study_id) for row, study_id in rows]

    def of(self, person: Participant) -> list[Erasure]:
        """What was erased of hers, oldest first."""
        query = select(ErasureRow).where(ErasureRow.participant_id == person.id).order_by(ErasureRow.id)
        with self._database.reading() as session:
            return [row.as_erasure(person.study_id) for row in session.scalars(query)]

    def _record(
        self, person: Participant, kind: DataKind, cause: Cause, because: str, outcome: Outcome,
        removed: Mapping[str, int], prints: tuple[str, ...],
    ) -> Erasure:  # fmt: skip
        reference = new_reference("E")
        with self._database.transaction() as session:
            emptied: dict[str, int] = {}
            if outcome is Outcome.ERASED:
                emptied = empty(session, kind, self._database.personal.numbers(person.study_id, kind))
            proof = Erasure(
                reference, person.study_id, kind, cause, because, outcome, {**removed, **emptied}, prints,
                self._clock(),
            )  # fmt: skip
            entry = self._audit.record(
                session, events.ERASED, actor=ACTOR, subject=person.subject, reference=reference, kind_of_data=kind,
                cause=cause, outcome=outcome, removed=sum(proof.removed.values()), record=proof.sha256,
            )  # fmt: skip
            session.add(
                ErasureRow(
                    reference=reference, participant_id=person.id, kind=kind, cause=cause, because=because,
                    outcome=outcome, removed=dict(proof.removed), keys=list(prints), sha256=proof.sha256, at=proof.at,
                    chain_seq=entry.seq, chain_hash=entry.hash,
                )
            )  # fmt: skip
        return proof
