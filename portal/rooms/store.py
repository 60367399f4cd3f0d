"""Rooms, what the team writes beside them, and what the media process told of them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.db.kinds import DataKind
from portal.db.personal import PersonalText
from portal.rooms.domain import Hours


class RoomRow(Base):
    """A room. It has one appointment at most, and an appointment one room."""

    __tablename__ = "room"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), index=True)
    appointment_key: Mapped[str | None] = mapped_column(String(60), unique=True)
    publication_hash: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime] = mapped_column(index=True)
    opened_at: Mapped[datetime]
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Who opened it by hand; None if it stands for an appointment."""
    interviewer_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """The first of the team to come in."""
    recording_id: Mapped[str | None] = mapped_column(String(40), index=True, unique=True)
    """Name of the interview's recording: random, so that files tell nothing. None before anybody may be recorded."""
    ended_at: Mapped[datetime | None]
    """When it was ended for all; it opens to nobody any more."""
    withdrawal_told_at: Mapped[datetime | None]
    """Until when withdrawals were carried to the media process."""
    catalogued_at: Mapped[datetime | None]
    """When the whole journal of a room that is over had been read."""

    @property
    def hours(self) -> Hours:
        """When it is open."""
        return Hours(self.starts_at, self.opens_at, self.closes_at)

    def move(self, hours: Hours) -> None:
        """It is open at another time: more may be written in its journal."""
        self.starts_at, self.opens_at, self.closes_at = hours.starts_at, hours.opens_at, hours.closes_at
        self.catalogued_at = None


class RoomOutcomeRow(Base):
    """How the interview ended. Only ever added to: the newest counts."""

    __tablename__ = "room_outcome"

    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(PersonalText("rooms.outcome.reason", DataKind.ANSWERS))
    at: Mapped[datetime]


class RoomNoteRow(Base):
    """One member's private notes on one interview."""

    __tablename__ = "room_note"

    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    text: Mapped[str] = mapped_column(PersonalText("rooms.note.text", DataKind.ANSWERS))
    revision: Mapped[int]
    updated_at: Mapped[datetime]


class RoomTickRow(Base):
    """A topic that was talked about."""

    __tablename__ = "room_tick"

    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"), primary_key=True)
    topic: Mapped[str] = mapped_column(String(40), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    recording_ms: Mapped[int | None]
    at: Mapped[datetime]


class RoomGuestRow(Base):
    """A link for an interpreter or a supporter. Only the hash of its token is kept."""

    __tablename__ = "room_guest"

    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime]


class RoomStopRow(Base):
    """Somebody asked to stop now, whatever became of the call's connection."""

    __tablename__ = "room_stop"
    __table_args__ = (UniqueConstraint("room_id", "person", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    person: Mapped[str] = mapped_column(String(24))
    """Her pseudonym in the room."""
    role: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(64))
    """The wish's own, from her page: what is said twice is one."""
    asked_at: Mapped[datetime]
    """When she said it, by how long ago that was as it was heard."""
    heard_at: Mapped[datetime] = mapped_column(index=True)
    carried_at: Mapped[datetime | None]
    """When the media process had heard of it."""
    seen_at: Mapped[datetime | None]
    """When a page of who runs the room showed it."""


class RoomEventRow(Base):
    """What the media process wrote down of a room: a line of its journal, catalogued once."""

    __tablename__ = "room_event"
    __table_args__ = (
        UniqueConstraint("room_id", "line"),
        Index("ix_room_event_room_id_at", "room_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    line: Mapped[int]
    """Number of the line in the room's journal, from 1."""
    kind: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(String(1000))
    """The line's further fields as JSON: pseudonyms, numbers and codes."""
    at: Mapped[datetime]
