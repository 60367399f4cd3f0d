"""Take and give back an interviewer's time. The claims' primary key decides who was first, whatever the code forgot."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.booking.domain import Diary, Slot, quanta
from portal.booking.errors import SlotTaken
from portal.booking.store import BookingRow, ClaimRow, HoldRow, InterviewerRow


def take_turns(session: Session, interviewers: Collection[int]) -> None:
    """Let those who want the same interviewers' time go one after the other, in an order that cannot deadlock.

    Without it the claims would still refuse a double booking, but a daily limit cannot be seen in any single row.
    """
    wanted = select(InterviewerRow.staff_id).where(InterviewerRow.staff_id.in_(interviewers))
    session.execute(wanted.order_by(InterviewerRow.staff_id).with_for_update())


def sweep(session: Session, now: datetime) -> int:
    """Remove holds that have expired, and their claims; gives how many."""
    return len(session.scalars(delete(HoldRow).where(HoldRow.expires_at <= now).returning(HoldRow.id)).all())


def release(session: Session, participant_id: int) -> None:
    """Give back what she holds."""
    session.execute(delete(HoldRow).where(HoldRow.participant_id == participant_id))


def free(session: Session, booking_id: int) -> None:
    """Give back what the booking has."""
    session.execute(delete(ClaimRow).where(ClaimRow.booking_id == booking_id))


def claim_for_hold(session: Session, hold: HoldRow, diary: Diary, slot: Slot, *, own_booking: int | None) -> None:
    """Claim the slot for a hold. What her own booking has already is hers, and stays the booking's. SlotTaken."""
    wanted = set(quanta(slot.starts_at, slot.ends_at + diary.buffer))
    if own_booking is not None:
        own = select(ClaimRow.quantum).where(
            ClaimRow.booking_id == own_booking, ClaimRow.interviewer_id == slot.interviewer_id
        )
        wanted -= set(session.scalars(own))
    _insert(session, slot.interviewer_id, wanted, hold_id=hold.id)


def claim_for_booking(session: Session, booking: BookingRow, diary: Diary, slot: Slot) -> None:
    """Claim the slot for a booking; what the booking had before is given back in the same breath. SlotTaken."""
    free(session, booking.id)
    release(session, booking.participant_id)
    wanted = set(quanta(slot.starts_at, slot.ends_at + diary.buffer))
    _insert(session, slot.interviewer_id, wanted, booking_id=booking.id)


def _insert(session: Session, interviewer_id: int, wanted: set[int], **owner: int) -> None:
    rows = [{"interviewer_id": interviewer_id, "quantum": one, **owner} for one in sorted(wanted)]
    if not rows:
        return
    try:
        session.execute(insert(ClaimRow), rows)
    except IntegrityError as error:
        raise SlotTaken from error
