"""Conversations. The text is sealed with the participant's own key."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.db.kinds import DataKind
from portal.db.personal import PersonalText
from portal.enquiries.domain import Post


class EnquiryRow(Base):
    """One message of a conversation."""

    __tablename__ = "enquiry"
    __table_args__ = (UniqueConstraint("participant_id", "occasion"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Who of the team wrote it; empty for the participant's own."""
    text: Mapped[str] = mapped_column(PersonalText("enquiries.text", DataKind.CONTACT))
    about: Mapped[str] = mapped_column(String(40))
    occasion: Mapped[str | None] = mapped_column(String(60))
    """For what is sent to many at once: the same occasion reaches each of them once."""
    at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    """For a participant's: when the team answered or set it aside."""

    def as_post(self) -> Post:
        """The row as plain data."""
        return Post(self.id, self.staff_id is not None, self.text, self.about, self.at, self.seen_at is not None)
