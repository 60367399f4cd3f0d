"""Booking's tables.

Bookings, placements and cancellations are facts: triggers refuse every change and removal. Beside them stand claims,
which are no facts but locks: one row for each quantum of an interviewer's time that somebody has. Their primary key is
what makes the database itself refuse a double booking.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.db.kinds import DataKind
from portal.db.personal import PersonalText
from portal.db.types import EncryptedText


class InterviewerRow(Base):
    """A member of the team who gives interviews, with what differs from the study's rules."""

    __tablename__ = "booking_interviewer"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    buffer_minutes: Mapped[int | None]
    daily_limit: Mapped[int | None]
    calendar_url: Mapped[str | None] = mapped_column(EncryptedText("booking.interviewer.calendar_url"))
    calendar_read_at: Mapped[datetime | None]
    calendar_tried_at: Mapped[datetime | None]
    calendar_problem: Mapped[str | None] = mapped_column(String(200))
    feed_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)


class HoursRow(Base):
    """The hours of a weekday ("0" is Monday) or of a single day ("2026-12-01"), as the interviewer wrote them."""

    __tablename__ = "booking_hours"

    staff_id: Mapped[int] = mapped_column(ForeignKey("booking_interviewer.staff_id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(10), primary_key=True)
    windows: Mapped[str] = mapped_column(Text)


class AbsenceRow(Base):
    """A stretch of time in which an interviewer is away."""

    __tablename__ = "booking_absence"
    __table_args__ = (Index("ix_booking_absence_staff_id_ends_at", "staff_id", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("booking_interviewer.staff_id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(EncryptedText("booking.absence.note"))


class BusyRow(Base):
    """Busy time in an interviewer's other calendar: when, and nothing more."""

    __tablename__ = "booking_busy"
    __table_args__ = (Index("ix_booking_busy_staff_id_ends_at", "staff_id", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("booking_interviewer.staff_id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class BookingRow(Base):
    """A booking was made."""

    __tablename__ = "booking"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), index=True)
    made_at: Mapped[datetime]


class PlacementRow(Base):
    """Where a booking was put: sequence 0 when made, one more at each move or change."""

    __tablename__ = "booking_placement"
    __table_args__ = (
        UniqueConstraint("booking_id", "sequence"),
        CheckConstraint("ends_at > starts_at", name="ends_after_it_starts"),
        Index("ix_booking_placement_interviewer_id_starts_at", "interviewer_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"))
    sequence: Mapped[int]
    interviewer_id: Mapped[int] = mapped_column(ForeignKey("booking_interviewer.staff_id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    mode: Mapped[str] = mapped_column(String(10))
    needs: Mapped[str] = mapped_column(PersonalText("booking.placement.needs", DataKind.CONTACT))
    by_team: Mapped[bool]
    at: Mapped[datetime]


class CancellationRow(Base):
    """A booking was cancelled, once. Why is only kept if somebody wanted to say."""

    __tablename__ = "booking_cancellation"

    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), primary_key=True)
    sequence: Mapped[int]
    cause: Mapped[str] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(PersonalText("booking.cancellation.why", DataKind.CONTACT))
    at: Mapped[datetime]


class LiveRow(Base):
    """The one booking of a participant that is still to come. Its primary key refuses a second one."""

    __tablename__ = "booking_live"

    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), unique=True)


class HoldRow(Base):
    """A time that is kept while somebody confirms it: one each. Its claims go when it goes."""

    __tablename__ = "booking_hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), unique=True)
    interviewer_id: Mapped[int] = mapped_column(ForeignKey("booking_interviewer.staff_id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ClaimRow(Base):
    """One quantum of an interviewer's time, taken by a booking or a hold."""

    __tablename__ = "booking_claim"
    __table_args__ = (CheckConstraint("(booking_id IS NULL) <> (hold_id IS NULL)", name="one_owner"),)

    interviewer_id: Mapped[int] = mapped_column(ForeignKey("booking_interviewer.staff_id"), primary_key=True)
    quantum: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), index=True)
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("booking_hold.id", ondelete="CASCADE"), index=True)


class EarlierWishRow(Base):
    """ "Tell me of an earlier one", said or taken back; the newest counts."""

    __tablename__ = "booking_earlier_wish"

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)
    wanted: Mapped[bool]
    known: Mapped[str] = mapped_column(Text)
    """The quanta that were free before hers when she said so: she has seen those, and wants others."""
    at: Mapped[datetime]


class EarlierOfferRow(Base):
    """She was told of an earlier time."""

    __tablename__ = "booking_earlier_offer"

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)
    starts_at: Mapped[datetime]
    at: Mapped[datetime]


class ZoneRow(Base):
    """The time zone that a participant wants to see beside London's."""

    __tablename__ = "booking_zone"

    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    zone: Mapped[str] = mapped_column(String(60))
