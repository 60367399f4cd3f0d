"""Passkeys: public keys only, nothing that a thief could use."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.passkeys.domain import Passkey


class PasskeyRow(Base):
    """A passkey. The owner is a principal's key, such as "participant:12" or "staff:3"."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(40), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    """How often the authenticator says that it signed; one that goes back was copied. 0: it does not count."""
    added_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]

    def as_passkey(self) -> Passkey:
        """The row as plain data."""
        return Passkey(self.id, self.added_at, self.last_used_at)
