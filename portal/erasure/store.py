"""Erasing's tables: proofs, requests and milestones, only ever added to."""

import json
from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.db.kinds import DataKind
from portal.db.types import EncryptedText
from portal.erasure.domain import Cause, Declared, Erasure, Outcome, Request


class ErasureRow(Base):
    """The proof of an erasure."""

    __tablename__ = "erasure"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    cause: Mapped[str] = mapped_column(String(20))
    because: Mapped[str] = mapped_column(String(60), index=True)
    outcome: Mapped[str] = mapped_column(String(20))
    removed: Mapped[dict[str, int]] = mapped_column(JSON)
    keys: Mapped[list[str]] = mapped_column(JSON)
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    chain_seq: Mapped[int]
    chain_hash: Mapped[str] = mapped_column(String(64))

    def as_erasure(self, study_id: str) -> Erasure:
        """The row as plain data."""
        return Erasure(
            self.reference, study_id, DataKind(self.kind), Cause(self.cause), self.because, Outcome(self.outcome),
            self.removed, tuple(self.keys), self.at,
        )  # fmt: skip


class ErasureRequestRow(Base):
    """Somebody asks to erase."""

    __tablename__ = "erasure_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), index=True)
    kinds: Mapped[str] = mapped_column(String(100))
    why: Mapped[str] = mapped_column(String(40))
    words: Mapped[str] = mapped_column(EncryptedText("erasure.request.words"))
    requested_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    requested_at: Mapped[datetime]

    def as_request(self, study_id: str, decision: "ErasureDecisionRow | None") -> Request:
        """The rows as plain data."""
        kinds = tuple(DataKind(one) for one in json.loads(self.kinds))
        return Request(
            self.id, study_id, kinds, self.why, self.words, self.requested_by, self.requested_at,
            decision.decided_by if decision else None, decision.approved if decision else None,
        )  # fmt: skip


class ErasureDecisionRow(Base):
    """A second person decided."""

    __tablename__ = "erasure_decision"

    request_id: Mapped[int] = mapped_column(ForeignKey("erasure_request.id"), primary_key=True)
    approved: Mapped[bool]
    decided_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime]


class MilestoneRow(Base):
    """Somebody declared a milestone."""

    __tablename__ = "milestone"

    id: Mapped[int] = mapped_column(primary_key=True)
    milestone: Mapped[str] = mapped_column(String(20))
    day: Mapped[date]
    declared_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    declared_at: Mapped[datetime]

    def as_declared(self, confirmed_by: int | None) -> Declared:
        """The rows as plain data."""
        return Declared(self.id, self.milestone, self.day, self.declared_by, confirmed_by)


class MilestoneConfirmationRow(Base):
    """A second person confirmed it."""

    __tablename__ = "milestone_confirmation"

    milestone_id: Mapped[int] = mapped_column(ForeignKey("milestone.id"), primary_key=True)
    confirmed_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    confirmed_at: Mapped[datetime]
