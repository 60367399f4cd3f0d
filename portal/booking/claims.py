"""Take and give back an interviewer's time. The claims' primary key decides who was first."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.booking.domain import Diary, Slot, quanta
from portal.booking.errors import SlotTaken
from portal.booking.slots import is_free
from portal.booking.store import BookingRow, ClaimRow, HoldRow, InterviewerRow

Look = Callable[[Session, int], "Diary | None"]
"""Gives an interviewer's diary as it is now."""


def sweep(session: Session, now: datetime) -> int:
    """Remove holds that have expired, and their claims; gives how many."""
    return len(session.scalars(delete(HoldRow).where(HoldRow.expires_at <= now).returning(HoldRow.id)).all())


def release(session: Session, participant_id: int) -> None:
    """Give back what she holds."""
    session.execute(delete(HoldRow).where(HoldRow.participant_id == participant_id))


def free(session: Session, booking_id: int) -> None:
    """Give back what the booking has."""
    session.execute(delete(ClaimRow).where(ClaimRow.booking_id == booking_id))


def first_free(session: Session, candidates: list[Slot], look: Look, take: Callable[[Slot, Diary], None]) -> Slot:
    """Take the first that is still free, looking again once it is the interviewer's turn. Raises SlotTaken."""
    for slot in candidates:
        try:
            with session.begin_nested():
                # One at a time for each interviewer: a daily limit cannot be seen in any single row.
                session.get(InterviewerRow, slot.interviewer_id, with_for_update=True)
                diary = look(session, slot.interviewer_id)
                if diary is None or not is_free(diary, slot):
                    continue
                take(slot, diary)
                session.flush()
        except IntegrityError:
            continue
        return slot
    raise SlotTaken


def claim_for_hold(session: Session, hold: HoldRow, diary: Diary, slot: Slot, *, own_booking: int | None) -> None:
    """Claim the slot for a hold. What her own booking has already is hers, and stays the booking's."""
    wanted = set(quanta(slot.starts_at, slot.ends_at + diary.buffer))
    if own_booking is not None:
        wanted -= set(
            session.scalars(
                select(ClaimRow.quantum).where(
                    ClaimRow.booking_id == own_booking, ClaimRow.interviewer_id == slot.interviewer_id
                )
            )
        )
    _insert(session, slot.interviewer_id, wanted, hold_id=hold.id)


def claim_for_booking(session: Session, booking: BookingRow, diary: Diary, slot: Slot) -> None:
    """Claim the slot for a booking; whatever the booking had before is given back in the same breath."""
    free(session, booking.id)
    release(session, booking.participant_id)
    _insert(
        session, slot.interviewer_id, set(quanta(slot.starts_at, slot.ends_at + diary.buffer)), booking_id=booking.id
    )


def _insert(session: Session, interviewer_id: int, wanted: set[int], **owner: int) -> None:
    if wanted:
        session.execute(
            insert(ClaimRow), [{"interviewer_id": interviewer_id, "quantum": one, **owner} for one in sorted(wanted)]
        )
