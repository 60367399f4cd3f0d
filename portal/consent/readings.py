"""What happens before consent: the sheet is read, and a short check shows what to talk about."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, select

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.consent import events
from portal.consent.store import CheckRow, ReadingRow
from portal.db.engine import Database
from portal.db.personal import personal
from portal.people.domain import Participant
from portal.people.store import lock
from portal.study.domain import CheckQuestion, ComprehensionCheck
from portal.study.service import Publication


@dataclass(frozen=True)
class Checked:
    """A question of the check with what was chosen."""

    question: CheckQuestion
    chosen: str

    @property
    def right(self) -> bool:
        """Whether the sheet was clear on this."""
        return self.chosen == self.question.answer


_NEWEST_CHECK = (
    select(CheckRow.answers)
    .where(CheckRow.participant_id == bindparam("participant"), CheckRow.check_hash == bindparam("check"))
    .order_by(CheckRow.id.desc())
    .limit(1)
)


class Readings:
    """Who read which version when, and how clear it was."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    def note(self, person: Participant, sheet_hash: str) -> None:
        """She opened this version of the sheet. Only the first time counts."""
        if self.first(person.id, sheet_hash) is not None:
            return
        with self._database.transaction() as session:
            lock(session, person.id)
            known = _reading(person.id, sheet_hash)
            if session.scalars(known).one_or_none() is None:
                session.add(ReadingRow(participant_id=person.id, sheet_hash=sheet_hash, at=self._clock()))
                actor = Actor.participant(person.study_id)
                self._audit.record(session, events.SHEET_READ, actor=actor, subject=person.subject, sheet=sheet_hash)

    def first(self, participant_id: int, sheet_hash: str) -> datetime | None:
        """When she first opened this version, or None."""
        with self._database.reading() as session:
            row = session.scalars(_reading(participant_id, sheet_hash)).one_or_none()
        return row.at if row else None

    def ready_at(self, participant_id: int, publication: Publication, sheet_hash: str) -> datetime | None:
        """When consent may be given: the reading time after the first reading. None before she has read."""
        read = self.first(participant_id, sheet_hash)
        return read + timedelta(hours=publication.study.reading_time_hours) if read else None

    def save_check(
        self, person: Participant, check: ComprehensionCheck, chosen: Mapping[str, str]
    ) -> tuple[Checked, ...]:
        """Keep the answers; gives them with what the sheet says. Never blocks anything."""
        results = tuple(Checked(one, chosen[one.key]) for one in check.questions if one.key in chosen)
        with self._database.transaction() as session:
            session.add(
                CheckRow(
                    participant_id=person.id, check_hash=check.content_hash,
                    answers=personal(person.study_id, json.dumps(dict(chosen))), at=self._clock(),
                )
            )  # fmt: skip
            self._audit.record(
                session, events.CHECK_ANSWERED, actor=Actor.participant(person.study_id), subject=person.subject,
                right=sum(one.right for one in results), questions=len(results),
            )  # fmt: skip
        return results

    def last_check(self, participant_id: int, check: ComprehensionCheck) -> tuple[Checked, ...]:
        """Her newest answers to this check; empty if she passed it over."""
        asked = {"participant": participant_id, "check": check.content_hash}
        with self._database.reading() as session:
            answers = session.scalars(_NEWEST_CHECK, asked).one_or_none()
        chosen = json.loads(answers) if answers else {}  # none, or their key was destroyed
        return tuple(Checked(one, chosen[one.key]) for one in check.questions if one.key in chosen)


def _reading(participant_id: int, sheet_hash: str) -> Select[ReadingRow]:
    return select(ReadingRow).where(ReadingRow.participant_id == participant_id, ReadingRow.sheet_hash == sheet_hash)
