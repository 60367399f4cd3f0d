"""Notes, sealed: those about a participant with her own key."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.db.kinds import DataKind
from portal.db.personal import PersonalText
from portal.db.types import EncryptedText


class ParticipantNoteRow(Base):
    """A note or a memo about a participant."""

    __tablename__ = "participant_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[str] = mapped_column(PersonalText("notes.participant_note.text", DataKind.ANSWERS))
    at: Mapped[datetime]


class SaturationNoteRow(Base):
    """A note about the theory."""

    __tablename__ = "saturation_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[str] = mapped_column(EncryptedText("notes.saturation_note.text"))
    at: Mapped[datetime]
