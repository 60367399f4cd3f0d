"""The ledger of receipts."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.db.types import EncryptedBytes
from portal.receipts.domain import Receipt


class ReceiptRow(Base):
    """A sealed receipt: its hash for verification, its bytes sealed at rest since they hold a name."""

    __tablename__ = "receipt"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    level: Mapped[str] = mapped_column(String(5))
    pdf: Mapped[bytes] = mapped_column(EncryptedBytes("receipts.receipt.pdf"), deferred=True)
    chain_seq: Mapped[int]
    chain_hash: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime]

    def as_receipt(self) -> Receipt:
        """The row as plain data."""
        return Receipt(self.kind, self.reference, self.sha256, self.level, self.sealed_at)
