"""The record of every export."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.db.types import EncryptedText
from portal.exports.domain import Export, ExportKind


class ExportRow(Base):
    """An export that was started, and, once its last byte had left, what it was."""

    __tablename__ = "export_record"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    site: Mapped[str] = mapped_column(String(40))
    purpose: Mapped[str] = mapped_column(String(40))
    words: Mapped[str] = mapped_column(EncryptedText("exports.export_record.words"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int | None]
    people: Mapped[int | None]
    small_cells: Mapped[int | None]

    def as_export(self) -> Export:
        """The row as plain data."""
        return Export(
            self.id, ExportKind(self.kind), self.site, self.purpose, self.words, self.staff_id, self.started_at,
            self.finished_at, self.sha256, self.size, self.people, self.small_cells,
        )  # fmt: skip
