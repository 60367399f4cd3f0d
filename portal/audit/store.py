"""The audit trail's tables. Triggers (in the migration) refuse every change and removal of an event."""

from datetime import datetime

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.audit.domain import Event, FieldValue
from portal.db.base import Base


class AuditEvent(Base):
    """One event of the chain."""

    __tablename__ = "audit_event"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(80), index=True)
    actor: Mapped[str] = mapped_column(String(80), index=True)
    subject: Mapped[str] = mapped_column(String(120), index=True)
    fields: Mapped[dict[str, FieldValue]] = mapped_column(JSON)
    hash: Mapped[str] = mapped_column(String(64))

    def as_event(self) -> Event:
        """The event as its hash covers it."""
        return Event(self.seq, self.at, self.kind, self.actor, self.subject, self.fields)


class AuditHead(Base):
    """The chain's last link: one row, locked by whoever appends."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(Text)


class AuditCheckpoint(Base):
    """A signed note on how long the chain was and where it ended."""

    __tablename__ = "audit_checkpoint"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text)


class AuditCheck(Base):
    """What a check of the whole chain found."""

    __tablename__ = "audit_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    events: Mapped[int]
    head: Mapped[str] = mapped_column(String(64))
    problem: Mapped[str | None] = mapped_column(String(300))
