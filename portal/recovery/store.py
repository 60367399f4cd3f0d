"""Requests to set up a member's sign-in anew."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.db.types import EncryptedText
from portal.recovery.domain import Request


class RecoveryRow(Base):
    """A request, who agreed to it, and the one-time link that came of it."""

    __tablename__ = "recovery"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    asked_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime]
    agreed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    expires_at: Mapped[datetime]
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    totp_secret: Mapped[str] = mapped_column(EncryptedText("recovery.totp"))
    closed_at: Mapped[datetime | None]
    """When it was used or declined."""

    def as_request(self) -> Request:
        """The row as plain data, without secrets."""
        return Request(self.id, self.staff_id, self.asked_by, self.asked_at, self.expires_at)
