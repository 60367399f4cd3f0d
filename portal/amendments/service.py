"""Put forward, approve, publish. What two people approved is what is published, by its hash."""

from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.amendments import events
from portal.amendments.domain import Amendment, Approval, Progress, Reach, Status
from portal.amendments.errors import AmendmentUnknown, ApprovedBefore, NotApproved, NothingChanged, NotOpen
from portal.amendments.store import AmendmentApprovalRow, AmendmentRow
from portal.audit.domain import Actor, EventKind
from portal.audit.service import AuditLog
from portal.canonical import canonical_json
from portal.clock import Clock
from portal.consent.domain import ConsentState, Standing
from portal.db.engine import Database
from portal.people.domain import Participant
from portal.study.domain import Study
from portal.study.service import Publication, StudyBook
from portal.team.domain import Member, Role

States = Callable[[Iterable[Participant]], Mapping[int, ConsentState]]
"""Where each participant's consent stands."""


class AmendmentService:
    """The way to a new version once the first is published."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, studies: StudyBook, states: States) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._studies = studies
        self._states = states

    def all(self) -> list[Amendment]:
        """Every amendment, newest first."""
        with self._database.reading() as session:
            rows = session.scalars(select(AmendmentRow).order_by(AmendmentRow.id.desc())).all()
            approvals = session.scalars(select(AmendmentApprovalRow).order_by(AmendmentApprovalRow.at)).all()
        return [_as_amendment(row, approvals) for row in rows]

    def one(self, amendment_id: int) -> tuple[Amendment, Study]:
        """An amendment and the study as it would be. Raises AmendmentUnknown."""
        with self._database.reading() as session:
            row = session.get(AmendmentRow, amendment_id)
            if row is None:
                raise AmendmentUnknown(f"no amendment has the number {amendment_id}")
            mine = AmendmentApprovalRow.amendment_id == amendment_id
            approvals = session.scalars(select(AmendmentApprovalRow).where(mine).order_by(AmendmentApprovalRow.at))
            return _as_amendment(row, approvals.all()), Study.model_validate_json(row.content)

    def draft(self, study: Study, reason: str, *, actor: Actor) -> int:
        """Put a version forward; gives its number. Raises NothingChanged, PeopleLeftOut."""
        base = self._studies.current()
        if study.content_hash in {one.content_hash for one in self._studies.all()}:
            raise NothingChanged("the files say exactly what is published, or what was before")
        row = AmendmentRow(
            content_hash=study.content_hash, content=canonical_json(study.model_dump(mode="json")).decode(),
            base_hash=base.content_hash, reason=reason, drafted_by=actor.key, drafted_at=self._clock(),
        )  # fmt: skip
        with self._database.transaction() as session:
            self._studies.keep_everybody(session, study)
            session.add(row)
            session.flush()
            self._record(session, row, events.DRAFTED, actor, base=row.base_hash)
        return row.id

    def approve(self, amendment_id: int, member: Member) -> None:
        """Approve exactly this content. Raises AmendmentUnknown, NotOpen, ApprovedBefore."""
        with self._database.transaction() as session:
            row = self._open(session, amendment_id)
            if session.get(AmendmentApprovalRow, (row.id, member.id)) is not None:
                raise ApprovedBefore("the same person does not approve twice")
            entry = self._audit.record(
                session, events.APPROVED, actor=Actor.staff(member.id), subject=f"amendment:{row.id}",
                content=row.content_hash,
            )  # fmt: skip
            session.add(
                AmendmentApprovalRow(
                    amendment_id=row.id, staff_id=member.id, role=member.role.value, at=entry.at,
                    chain_seq=entry.seq, chain_hash=entry.hash,
                )
            )  # fmt: skip

    def withdraw(self, amendment_id: int, *, actor: Actor) -> None:
        """Take it back. Raises AmendmentUnknown, NotOpen."""
        with self._database.transaction() as session:
            row = self._open(session, amendment_id)
            row.withdrawn_at = self._clock()
            self._record(session, row, events.WITHDRAWN, actor)

    def publish(self, amendment_id: int, *, actor: Actor) -> Publication:
        """Publish what was approved. Raises AmendmentUnknown, NotOpen, NotApproved, PeopleLeftOut.

        Somebody may have been invited to what it takes out since it was put forward, so that is asked again.
        """
        amendment, study = self.one(amendment_id)
        if amendment.status(self._studies.current().content_hash) is Status.PUBLISHED:
            return self._studies.at(amendment.content_hash)  # pressed twice
        with self._database.transaction() as session:
            row = self._open(session, amendment_id)
            if not amendment.agreed:
                raise NotApproved("two people have to approve it, one of them a lead")
            row.published_at = self._clock()
            self._record(session, row, events.PUBLISHED, actor, base=row.base_hash)
            self._studies.add(session, study)
        return self._studies.at(amendment.content_hash)

    def reach(self, new: Study, people: Iterable[Participant]) -> list[Reach]:
        """Whom the consent forms of a version would reach."""
        everybody = list(people)
        states, current = self._states(everybody), self._studies.current().study
        found = []
        for group in new.groups:
            states_here = [states[one.id] for one in everybody if one.group == group.key]
            old = current.documents.get(group.key)
            changes = old is None or old.consent.content_hash != new.documents[group.key].consent.content_hash
            consented = sum(one.standing in (Standing.GIVEN, Standing.OUTDATED) for one in states_here)
            none = sum(one.standing is Standing.NONE for one in states_here)
            found.append(Reach(group.key, changes, consented if changes else 0, none))
        return found

    def progress(self, people: Iterable[Participant]) -> list[Progress]:
        """How far re-consent to the published version has come."""
        everybody = list(people)
        states = self._states(everybody)
        found = []
        for group in self._studies.current().study.groups:
            here = [one for one in everybody if one.group == group.key]
            waiting = tuple(sorted(one.study_id for one in here if states[one.id].standing is Standing.OUTDATED))
            found.append(Progress(group.key, sum(states[one.id].stands for one in here), waiting))
        return found

    def _open(self, session: Session, amendment_id: int) -> AmendmentRow:
        self._audit.take_turn(session)
        row = session.get(AmendmentRow, amendment_id)
        if row is None:
            raise AmendmentUnknown(f"no amendment has the number {amendment_id}")
        if row.published_at or row.withdrawn_at or row.base_hash != self._studies.current().content_hash:
            raise NotOpen("published, withdrawn or overtaken by another version")
        return row

    def _record(self, session: Session, row: AmendmentRow, kind: EventKind, actor: Actor, **more: str) -> None:
        subject = f"amendment:{row.id}"
        self._audit.record(session, kind, actor=actor, subject=subject, content=row.content_hash, **more)


def _as_amendment(row: AmendmentRow, approvals: Iterable[AmendmentApprovalRow]) -> Amendment:
    mine = [Approval(one.staff_id, Role(one.role), one.at) for one in approvals if one.amendment_id == row.id]
    return Amendment(
        row.id, row.content_hash, row.base_hash, row.reason, row.drafted_by, row.drafted_at, tuple(mine),
        row.published_at, row.withdrawn_at,
    )  # fmt: skip
