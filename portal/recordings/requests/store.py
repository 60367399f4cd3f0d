"""Requests about recordings, and who decided them."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.recordings.requests.domain import Request, What, Why


class RecordingRequestRow(Base):
    """One request."""

    __tablename__ = "recording_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(String(26), index=True)
    what: Mapped[str] = mapped_column(String(10))
    why: Mapped[str | None] = mapped_column(String(20))
    recipients: Mapped[list[str]] = mapped_column(JSON)
    asked_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]
    agreed: Mapped[bool | None]

    def as_request(self) -> Request:
        """The row as plain data."""
        return Request(
            self.id, self.recording_id, What(self.what), Why(self.why) if self.why else None,
            frozenset(self.recipients), self.asked_by, self.asked_at, self.decided_by, self.decided_at, self.agreed,
        )  # fmt: skip
