"""Record that somebody does not take part, and take it back."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.domain import Actor, EventKind
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.people.domain import Participant
from portal.people.store import lock
from portal.recruitment import events
from portal.recruitment.domain import Kind, NotTakingPart
from portal.recruitment.errors import NothingToTakeBack, ReasonUnknown
from portal.recruitment.store import NotTakingPartRow, newest
from portal.study.service import StudyBook


class RecruitmentService:
    """The only writer of these facts."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, studies: StudyBook) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._studies = studies

    def decline(self, person: Participant, reason: str = "") -> None:
        """She says no. Twice the same is recorded once. Raises ReasonUnknown."""
        if reason:
            self._known(reason, "participant")
        actor = Actor.participant(person.study_id)
        self._add(person, Kind.DECLINED, reason, events.DECLINED, actor)

    def exclude(self, person: Participant, reason: str, *, actor: Actor) -> None:
        """The team records why she is not in the study. Raises ReasonUnknown."""
        self._known(reason, "team")
        self._add(person, Kind.EXCLUDED, reason, events.EXCLUDED, actor)

    def readmit(self, person: Participant, *, actor: Actor) -> None:
        """Take an exclusion back. Raises NothingToTakeBack."""
        with self._database.transaction() as session:
            lock(session, person.id)
            before = _latest(session, person.id)
            if before is None or before.kind != Kind.EXCLUDED:
                raise NothingToTakeBack("she is not excluded")
            row = NotTakingPartRow(participant_id=person.id, kind=Kind.READMITTED, reason="", at=self._clock())
            session.add(row)
            self._audit.record(session, events.READMITTED, actor=actor, subject=person.subject)

    def latest(self, participant_id: int) -> NotTakingPart | None:
        """The fact that stands, or None."""
        return self.latest_among([participant_id]).get(participant_id)

    def latest_among(self, participant_ids: Collection[int]) -> dict[int, NotTakingPart]:
        """The facts that stand, in one query."""
        mine = NotTakingPartRow.participant_id.in_(participant_ids)
        query = select(NotTakingPartRow).where(NotTakingPartRow.id.in_(newest().where(mine)))
        with self._database.reading() as session:
            found = {row.participant_id: row.as_fact() for row in session.scalars(query)}
        return {key: fact for key, fact in found.items() if fact.stands}

    def _add(self, person: Participant, kind: Kind, reason: str, event: EventKind, actor: Actor) -> None:
        with self._database.transaction() as session:
            lock(session, person.id)
            before = _latest(session, person.id)
            if before is not None and (before.kind, before.reason) == (kind, reason):
                return
            row = NotTakingPartRow(participant_id=person.id, kind=kind, reason=reason, at=self._clock())
            session.add(row)
            self._audit.record(session, event, actor=actor, subject=person.subject, reason=reason)

    def _known(self, reason: str, who: str) -> None:
        plan = self._studies.current().study.recruitment
        if reason not in {one.key for one in plan.reasons_of(who)}:
            raise ReasonUnknown(reason)


def _latest(session: Session, participant_id: int) -> NotTakingPartRow | None:
    query = select(NotTakingPartRow).where(NotTakingPartRow.participant_id == participant_id)
    return session.scalars(query.order_by(NotTakingPartRow.id.desc()).limit(1)).one_or_none()
