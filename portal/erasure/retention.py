"""What two people decide: requests to erase, and the milestones from which the study's periods count."""

import json
from collections.abc import Collection
from datetime import date

from sqlalchemy import exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock, london_day
from portal.db.engine import Database
from portal.db.kinds import DataKind
from portal.erasure import events
from portal.erasure.domain import Declared, Request, due_on
from portal.erasure.errors import DayInFuture, RequestUnknown, SecondPersonNeeded
from portal.erasure.store import (
    ErasureDecisionRow,
    ErasureRequestRow,
    ErasureRow,
    MilestoneConfirmationRow,
    MilestoneRow,
)
from portal.people.domain import Participant
from portal.people.store import ParticipantRow
from portal.study.retention import Keep
from portal.study.service import StudyBook


class RetentionService:
    """Requests, milestones, and whose data is due."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, studies: StudyBook) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._studies = studies

    def ask(self, person: Participant, kinds: Collection[DataKind], why: str, words: str, *, staff_id: int) -> int:
        """Ask to erase; gives the request's number. Somebody else decides."""
        ordered = [kind.value for kind in DataKind if kind in kinds]
        row = ErasureRequestRow(
            participant_id=person.id, kinds=json.dumps(ordered), why=why, words=words, requested_by=staff_id,
            requested_at=self._clock(),
        )  # fmt: skip
        with self._database.transaction() as session:
            session.add(row)
            session.flush()
            self._audit.record(
                session, events.REQUESTED, actor=Actor.staff(staff_id), subject=person.subject, request=row.id,
                kinds=" ".join(ordered), why=why,
            )  # fmt: skip
        return row.id

    def decide(self, request_id: int, *, approve: bool, staff_id: int) -> None:
        """Approve or turn down. Raises RequestUnknown, SecondPersonNeeded."""
        try:
            with self._database.transaction() as session:
                row = session.get(ErasureRequestRow, request_id)
                if row is None:
                    raise RequestUnknown("no such request")
                if row.requested_by == staff_id:
                    raise SecondPersonNeeded("whoever asked cannot decide")
                session.add(
                    ErasureDecisionRow(
                        request_id=request_id, approved=approve, decided_by=staff_id, decided_at=self._clock()
                    )
                )
                person = session.get_one(ParticipantRow, row.participant_id)
                self._audit.record(
                    session, events.DECIDED, actor=Actor.staff(staff_id), subject=f"participant:{person.study_id}",
                    request=request_id, approved=approve,
                )  # fmt: skip
        except IntegrityError as error:
            raise RequestUnknown("decided before") from error

    def requests(self, sites: Collection[str] | None) -> list[Request]:
        """Requests that wait for a second person, oldest first."""
        with self._database.reading() as session:
            return [one for one, person in self._requests(session) if _seen(person, sites) and one.approved is None]

    def waiting(self, sites: Collection[str] | None) -> int:
        """How many requests wait."""
        query = (
            select(func.count())
            .select_from(ErasureRequestRow)
            .join(ParticipantRow, ParticipantRow.id == ErasureRequestRow.participant_id)
            .where(~exists().where(ErasureDecisionRow.request_id == ErasureRequestRow.id))
        )
        if sites is not None:
            query = query.where(ParticipantRow.site.in_(sites))
        with self._database.reading() as session:
            return session.execute(query).scalar_one()

    def request_of(self, request_id: int) -> Participant:
        """Whom a request is about. Raises RequestUnknown."""
        query = select(ParticipantRow).join(ErasureRequestRow, ErasureRequestRow.participant_id == ParticipantRow.id)
        with self._database.reading() as session:
            row = session.scalars(query.where(ErasureRequestRow.id == request_id)).one_or_none()
        if row is None:
            raise RequestUnknown("no such request")
        return row.as_participant()

    def approved(self) -> list[tuple[Request, Participant]]:
        """Approved requests that no proof answers yet for some kind of data."""
        proofs = select(ErasureRow.because, ErasureRow.kind).where(ErasureRow.because.like("request:%"))
        with self._database.reading() as session:
            done = {(because, kind) for because, kind in session.execute(proofs)}
            return [
                (one, person)
                for one, person in self._requests(session)
                if one.approved and not {(one.reason, kind.value) for kind in one.kinds} <= done
            ]

    def declare(self, milestone: str, day: date, *, staff_id: int) -> None:
        """Declare that the day has come. Raises DayInFuture."""
        if day > london_day(self._clock()):
            raise DayInFuture("the day is still to come")
        with self._database.transaction() as session:
            session.add(
                MilestoneRow(milestone=milestone, day=day, declared_by=staff_id, declared_at=self._clock())
            )  # fmt: skip
            self._audit.record(
                session, events.DECLARED, actor=Actor.staff(staff_id), subject="study:retention",
                milestone=milestone, day=day.isoformat(),
            )  # fmt: skip

    def confirm(self, milestone_id: int, *, staff_id: int) -> None:
        """Confirm it as a second person: from here the periods run. Raises RequestUnknown, SecondPersonNeeded."""
        try:
            with self._database.transaction() as session:
                row = session.get(MilestoneRow, milestone_id)
                if row is None:
                    raise RequestUnknown("no such milestone")
                if row.declared_by == staff_id:
                    raise SecondPersonNeeded("whoever declared it cannot confirm it")
                session.add(
                    MilestoneConfirmationRow(
                        milestone_id=milestone_id, confirmed_by=staff_id, confirmed_at=self._clock()
                    )
                )
                self._audit.record(
                    session, events.CONFIRMED, actor=Actor.staff(staff_id), subject="study:retention",
                    milestone=row.milestone, day=row.day.isoformat(),
                )  # fmt: skip
        except IntegrityError as error:
            raise RequestUnknown("confirmed before") from error

    def milestones(self) -> list[Declared]:
        """Everything that was declared, newest first."""
        query = select(MilestoneRow, MilestoneConfirmationRow.confirmed_by).outerjoin(
            MilestoneConfirmationRow, MilestoneConfirmationRow.milestone_id == MilestoneRow.id
        )
        with self._database.reading() as session:
            rows = session.execute(query.order_by(MilestoneRow.id.desc())).all()
        return [row.as_declared(confirmed_by) for row, confirmed_by in rows]

    def rules(self) -> list[Keep]:
        """The study's rules as they are now."""
        return [rule for one in self._studies.current().study.retention for rule in one.keep]

    def due(self, today: date) -> list[tuple[Keep, Declared]]:
        """The rules whose day has come, with the milestone that they count from (the newest confirmed one)."""
        confirmed = {one.milestone: one for one in reversed(self.milestones()) if one.confirmed_by is not None}
        return [
            (rule, confirmed[rule.after])
            for rule in self.rules()
            if rule.after in confirmed and due_on(rule, confirmed[rule.after].day) <= today
        ]

    def left(self, kind: DataKind, because: str, most: int) -> list[Participant]:
        """Participants whose data of the kind was not erased for this reason yet."""
        done = exists().where(
            ErasureRow.participant_id == ParticipantRow.id, ErasureRow.kind == kind, ErasureRow.because == because
        )
        query = select(ParticipantRow).where(~done).order_by(ParticipantRow.id).limit(most)
        with self._database.reading() as session:
            return [row.as_participant() for row in session.scalars(query)]

    def person(self, study_id: str) -> Participant | None:
        """The participant, or None if the data knows none."""
        with self._database.reading() as session:
            row = session.scalars(select(ParticipantRow).where(ParticipantRow.study_id == study_id)).one_or_none()
        return row.as_participant() if row else None

    def _requests(self, session: Session) -> list[tuple[Request, Participant]]:
        query = (
            select(ErasureRequestRow, ErasureDecisionRow, ParticipantRow)
            .outerjoin(ErasureDecisionRow, ErasureDecisionRow.request_id == ErasureRequestRow.id)
            .join(ParticipantRow, ParticipantRow.id == ErasureRequestRow.participant_id)
            .order_by(ErasureRequestRow.id)
        )
        return [
            (row.as_request(person.study_id, decision), person.as_participant())
            for row, decision, person in session.execute(query)
        ]


def _seen(person: Participant, sites: Collection[str] | None) -> bool:
    return sites is None or person.site in sites
