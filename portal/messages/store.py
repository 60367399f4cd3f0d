"""Messages that are promised: kept until sent, then without their content."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.db.types import EncryptedText


class OutboxMessage(Base):
    """A message to send, at most once by its key."""

    __tablename__ = "outbox_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    template: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(10))
    recipient: Mapped[str | None] = mapped_column(EncryptedText("messages.outbox.recipient"))
    context: Mapped[str | None] = mapped_column(EncryptedText("messages.outbox.context"))
    queued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int]
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
