"""The ledger of receipts."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.db.kinds import DataKind
from portal.db.personal import PersonalBytes
from portal.receipts.certificates import fingerprint_of
from portal.receipts.domain import Kind, Receipt


class ReceiptRow(Base):
    """A sealed receipt: its hash to know it again, its bytes sealed at rest since they hold a name."""

    __tablename__ = "receipt"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    reference: Mapped[str] = mapped_column(String(60), unique=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    sealed_at: Mapped[datetime]
    level: Mapped[str] = mapped_column(String(20))
    certificate: Mapped[str] = mapped_column(Text)
    """PEM, so that receipts can be checked after the organisation has changed its certificate."""
    chain_seq: Mapped[int | None]
    chain_hash: Mapped[str | None] = mapped_column(String(64))
    pdf: Mapped[bytes] = mapped_column(PersonalBytes("receipts.receipt.pdf", DataKind.CONSENT), deferred=True)

    def as_receipt(self) -> Receipt:
        """The row as plain data."""
        return Receipt(
            reference=self.reference,
            kind=Kind(self.kind),
            sha256=self.sha256,
            sealed_at=self.sealed_at,
            level=self.level,
            certificate=fingerprint_of(self.certificate.encode("ascii")),
        )
