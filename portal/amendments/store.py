"""Amendments and their approvals. What was put forward and approved is only ever added."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base


class AmendmentRow(Base):
    """A version that was put forward, with its whole content."""

    __tablename__ = "amendment"

    id: Mapped[int] = mapped_column(primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
    base_hash: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    drafted_by: Mapped[str] = mapped_column(String(80))
    drafted_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class AmendmentApprovalRow(Base):
    """Somebody's approval of exactly this content."""

    __tablename__ = "amendment_approval"

    amendment_id: Mapped[int] = mapped_column(ForeignKey("amendment.id"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    chain_seq: Mapped[int]
    chain_hash: Mapped[str] = mapped_column(String(64))
