"""Messages that are promised: kept until sent, then without their content."""

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.db.keyring import Keyring
from portal.db.types import EncryptedText
from portal.messages.domain import Attachment


class OutboxMessage(Base):
    """A message to send, at most once by its key.

    It waits while `closed_at` is empty. `handed_at` is set, and committed, before it is handed over: a row that has
    it and is not closed was cut off in the act.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (Index("ix_outbox_message_closed_at_due_at", "closed_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    template: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str | None] = mapped_column(String(60), index=True)
    """ "participant:C-0007" or "staff:3"; empty for an address that is nobody's yet."""
    recipient: Mapped[str | None] = mapped_column(EncryptedText("messages.outbox.recipient"))
    language: Mapped[str | None] = mapped_column(String(10))
    context: Mapped[str | None] = mapped_column(EncryptedText("messages.outbox.context"))
    attachments: Mapped[str | None] = mapped_column(EncryptedText("messages.outbox.attachments"))
    queued_at: Mapped[datetime]
    wanted_at: Mapped[datetime]
    not_after: Mapped[datetime | None]
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    """While a worker has it in its batch."""
    tries: Mapped[int]
    handed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))
    channel: Mapped[str | None] = mapped_column(String(10))
    """By which it was tried last."""
    address_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Keyed fingerprint of the address that was refused, to tell whether she has given another since."""
    settled_at: Mapped[datetime | None]
    """When the team dealt with a failure: told her otherwise, or let it be."""

    def message_id(self, keyring: Keyring) -> str:
        """The name that the message carries outside. It stays the same however often it is tried, and tells nothing."""
        return keyring.digest("messages.id", self.key).hex()[:32]

    def empty(self) -> None:
        """What is done needs no address and no content any more."""
        self.recipient = self.context = self.attachments = None


def pack(attachments: Sequence[Attachment]) -> str | None:
    """Attachments as text for a sealed column."""
    if not attachments:
        return None
    return json.dumps(
        [[one.name, one.media_type, b64encode(one.content).decode(), dict(one.parameters)] for one in attachments]
    )


def unpack(text: str | None) -> tuple[Attachment, ...]:
    """What `pack` packed."""
    rows = json.loads(text) if text else []
    return tuple(Attachment(name, kind, b64decode(content), more) for name, kind, content, more in rows)
