"""Notes on recordings, sealed in the browser."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.recordings.playback.domain import Note


class RecordingNoteRow(Base):
    """One note: its author and its time are known here, its text and time code are not."""

    __tablename__ = "recording_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(String(26), index=True)
    author: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime]
    sealed: Mapped[str] = mapped_column(Text)

    def as_note(self) -> Note:
        """The row as plain data."""
        return Note(self.id, self.author, self.at, self.sealed)
