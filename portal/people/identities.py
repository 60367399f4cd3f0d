"""Looking at an identity: only with a reason, and on record before anything is shown."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.base import Base
from portal.db.engine import Database
from portal.db.kinds import DataKind
from portal.db.personal import PersonalText, personal
from portal.people import events
from portal.people.domain import Participant
from portal.people.store import IdentityRow

NEWEST = 20


class IdentityLookRow(Base):
    """Who looked, when and why. The reason in words may name somebody, so it is sealed with the participant's key."""

    __tablename__ = "identity_look"

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    why: Mapped[str] = mapped_column(String(40))
    words: Mapped[str] = mapped_column(PersonalText("people.identity_look.words", DataKind.CONTACT))
    at: Mapped[datetime]


@dataclass(frozen=True)
class Look:
    """One look at an identity."""

    staff_id: int
    why: str
    words: str
    at: datetime


class Identities:
    """The team's only way to an identity."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    def look(self, person: Participant, why: str, words: str, *, staff_id: int) -> str | None:
        """Her e-mail address; None if she gave none.

        Args:
            why: one of the form's keys; it stands in the audit trail.
            words: the reason as typed; it stands sealed beside it.
        """
        with self._database.transaction() as session:
            session.add(
                IdentityLookRow(
                    participant_id=person.id, staff_id=staff_id, why=why, words=personal(person.study_id, words),
                    at=self._clock(),
                )
            )  # fmt: skip
            actor = Actor.staff(staff_id)
            self._audit.record(session, events.IDENTITY_READ, actor=actor, subject=person.subject, why=why)
        with self._database.reading() as session:
            identity = session.get(IdentityRow, person.id)
        return identity.email if identity and identity.email else None

    def looks(self, participant_id: int) -> list[Look]:
        """Who looked, newest first."""
        query = select(IdentityLookRow).where(IdentityLookRow.participant_id == participant_id)
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(IdentityLookRow.id.desc()).limit(NEWEST))
            return [Look(row.staff_id, row.why, row.words, row.at) for row in rows]
