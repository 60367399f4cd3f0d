"""The delegation log: entries and their ends, only ever added."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.delegation.domain import Delegation, Task


class DelegationRow(Base):
    """A task given to a member."""

    __tablename__ = "delegation"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    task: Mapped[str] = mapped_column(String(20))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    signed_by: Mapped[str] = mapped_column(String(80))
    signed_at: Mapped[datetime]
    chain_seq: Mapped[int]
    chain_hash: Mapped[str] = mapped_column(String(64))


class DelegationEndRow(Base):
    """A task taken back before its last day."""

    __tablename__ = "delegation_end"

    delegation_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"), primary_key=True)
    ended_by: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[datetime]
    chain_seq: Mapped[int]
    chain_hash: Mapped[str] = mapped_column(String(64))


def as_delegation(row: DelegationRow, end: DelegationEndRow | None) -> Delegation:
    """The rows as plain data."""
    return Delegation(
        row.id, row.staff_id, Task(row.task), row.starts_on, row.ends_on, row.signed_by, row.signed_at,
        end.ended_by if end else None, end.ended_at if end else None,
    )  # fmt: skip
