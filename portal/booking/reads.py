"""What booking's tables say, as plain data. Each question takes a constant number of queries."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased

from portal.booking.availability import Plan, Windows, open_spans, parse
from portal.booking.domain import Appointment, Cause, Details, Diary, Mode, Span, day_in, quanta, quantum
from portal.booking.store import (
    AbsenceRow,
    BookingRow,
    BusyRow,
    CancellationRow,
    ClaimRow,
    HoldRow,
    HoursRow,
    InterviewerRow,
    LiveRow,
    PlacementRow,
)
from portal.study.booking import BookingRules

_Columns = TypeVarTuple("_Columns")
_LATER = aliased(PlacementRow)


@dataclass(frozen=True)
class Range:
    """The days that are looked at, and what of them does not count against the one who asks."""

    first: date
    last: date
    holidays: Collection[date] = ()
    but_booking: int | None = None
    but_holder: int | None = None


def plan_of(rows: Iterable[HoursRow]) -> Plan:
    """One interviewer's plan."""
    weekly: dict[int, Windows] = {}
    days: dict[date, Windows] = {}
    for row in rows:
        if len(row.key) == 1:
            weekly[int(row.key)] = parse(row.windows)
        else:
            days[date.fromisoformat(row.key)] = parse(row.windows)
    return Plan(weekly, days)


def diaries(
    session: Session, interviewers: Collection[int], rules: BookingRules, within: Range, now: datetime
) -> list[Diary]:
    """The diaries of these members; who never published hours has none. Seven queries, however many there are."""
    known = session.scalars(
        select(InterviewerRow).where(InterviewerRow.staff_id.in_(interviewers)).order_by(InterviewerRow.staff_id)
    ).all()
    ids = [row.staff_id for row in known]
    hours: dict[int, list[HoursRow]] = defaultdict(list)
    for row in session.scalars(select(HoursRow).where(HoursRow.staff_id.in_(ids))):
        hours[row.staff_id].append(row)
    spans = {
        one: tuple(open_spans(plan_of(hours[one]), within.first, within.last, holidays=within.holidays)) for one in ids
    }
    bounds = _bounds(spans)
    if bounds is None:
        return []
    claimed, away = _claimed(session, ids, bounds, within, now), _away(session, ids, bounds)
    booked = _booked(session, ids, within, now)
    return [
        Diary(
            interviewer_id=row.staff_id, spans=spans[row.staff_id],
            buffer=timedelta(minutes=rules.buffer_minutes if row.buffer_minutes is None else row.buffer_minutes),
            daily_limit=rules.daily_limit if row.daily_limit is None else row.daily_limit,
            claimed=frozenset(claimed[row.staff_id]), away=frozenset(away[row.staff_id]), booked=booked[row.staff_id],
        )
        for row in known
    ]  # fmt: skip


def _bounds(spans: Mapping[int, tuple[Span, ...]]) -> Span | None:
    every = [span for of_one in spans.values() for span in of_one]
    if not every:
        return None
    # Half a day more, since a buffer may reach over the end of what is offered.
    return Span(min(one.starts_at for one in every), max(one.ends_at for one in every) + timedelta(hours=12))


def _claimed(session: Session, ids: Collection[int], bounds: Span, within: Range, now: datetime) -> dict[int, set[int]]:
    query = (
        select(ClaimRow.interviewer_id, ClaimRow.quantum)
        .outerjoin(HoldRow, HoldRow.id == ClaimRow.hold_id)
        .where(
            ClaimRow.interviewer_id.in_(ids),
            ClaimRow.quantum.between(quantum(bounds.starts_at), quantum(bounds.ends_at)),
            or_(HoldRow.id.is_(None), _stands(within, now)),
            or_(ClaimRow.booking_id.is_(None), ClaimRow.booking_id != _nobody(within.but_booking)),
        )
    )  # fmt: skip
    found: dict[int, set[int]] = defaultdict(set)
    for interviewer_id, taken in session.execute(query):
        found[interviewer_id].add(taken)
    return found


def _away(session: Session, ids: Collection[int], bounds: Span) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for table in (AbsenceRow, BusyRow):
        query = select(table.staff_id, table.starts_at, table.ends_at).where(
            table.staff_id.in_(ids), table.ends_at > bounds.starts_at, table.starts_at < bounds.ends_at
        )
        for staff_id, starts_at, ends_at in session.execute(query):
            found[staff_id].update(quanta(max(starts_at, bounds.starts_at), min(ends_at, bounds.ends_at)))
    return found


def _booked(session: Session, ids: Collection[int], within: Range, now: datetime) -> dict[int, Counter[date]]:
    """Appointments by interviewer and day. A time that is held counts: it may become one."""
    first, last = _days(within.first, within.last)
    live = _newest(select(PlacementRow.interviewer_id, PlacementRow.starts_at, PlacementRow.booking_id)).where(
        PlacementRow.interviewer_id.in_(ids), PlacementRow.starts_at.between(first, last), ~_cancelled()
    )
    held = select(HoldRow.interviewer_id, HoldRow.starts_at).where(
        HoldRow.interviewer_id.in_(ids), HoldRow.starts_at.between(first, last), _stands(within, now)
    )
    found: dict[int, Counter[date]] = defaultdict(Counter)
    for interviewer_id, starts_at, booking_id in session.execute(live):
        if booking_id != within.but_booking:
            found[interviewer_id][day_in(starts_at)] += 1
    for interviewer_id, starts_at in session.execute(held):
        found[interviewer_id][day_in(starts_at)] += 1
    return found


def appointments(session: Session, *criteria: ColumnElement[bool]) -> list[Appointment]:
    """Bookings as they stand, cancelled ones too, by time. Criteria may name the booking's and placement's columns."""
    return [_appointment(*row) for row in session.execute(_APPOINTMENTS.where(*criteria))]


def appointments_of(session: Session, participant_id: int) -> list[Appointment]:
    """All her bookings, by time, cancelled ones too."""
    return [_appointment(*row) for row in session.execute(_HERS, {"participant": participant_id})]


def live_of(session: Session, participant_id: int) -> Appointment | None:
    """Her booking that was neither cancelled nor, when last looked at, over."""
    found = session.execute(_LIVE, {"participant": participant_id}).first()
    return _appointment(*found) if found else None


def write_needs(details: Details) -> str:
    """What a placement seals of the details."""
    return json.dumps(
        {
            "language": details.language, "interpreter": details.interpreter,
            "access_needs": details.access_needs, "phone": details.phone,
        }
    )  # fmt: skip


def _appointment(booking: BookingRow, placed: PlacementRow, cancelled: CancellationRow | None) -> Appointment:
    return Appointment(
        id=booking.id, reference=booking.reference, participant_id=booking.participant_id,
        interviewer_ids=(placed.interviewer_id,), starts_at=placed.starts_at, ends_at=placed.ends_at,
        sequence=cancelled.sequence if cancelled else placed.sequence, made_at=booking.made_at,
        changed_at=cancelled.at if cancelled else placed.at,
        details=Details(mode=Mode(placed.mode), **json.loads(placed.needs or "{}")),
        cancelled_at=cancelled.at if cancelled else None, cause=Cause(cancelled.cause) if cancelled else None,
    )  # fmt: skip


def _newest(query: Select[*_Columns]) -> Select[*_Columns]:
    """Of each booking only the placement that counts."""
    return query.where(
        ~exists().where(_LATER.booking_id == PlacementRow.booking_id, _LATER.sequence > PlacementRow.sequence)
    )


def _cancelled() -> ColumnElement[bool]:
    return exists().where(CancellationRow.booking_id == PlacementRow.booking_id)


def _stands(within: Range, now: datetime) -> ColumnElement[bool]:
    """A hold that has not expired and is another's."""
    return and_(HoldRow.expires_at > now, HoldRow.participant_id != _nobody(within.but_holder))


def _days(first: date, last: date) -> tuple[datetime, datetime]:
    return (
        datetime.combine(first - timedelta(days=1), time(), UTC),
        datetime.combine(last + timedelta(days=2), time(), UTC),
    )


def _nobody(number: int | None) -> int:
    """A number that no row has, where nothing is to be left out."""
    return -1 if number is None else number


# Put together once, since they are asked for nearly every page.
_APPOINTMENTS = (
    _newest(select(BookingRow, PlacementRow, CancellationRow).join(PlacementRow))
    .outerjoin(CancellationRow, CancellationRow.booking_id == BookingRow.id)
    .order_by(PlacementRow.starts_at, BookingRow.id)
)
_HERS = _APPOINTMENTS.where(BookingRow.participant_id == bindparam("participant"))
_LIVE = _APPOINTMENTS.where(
    BookingRow.id
    == select(LiveRow.booking_id).where(LiveRow.participant_id == bindparam("participant")).scalar_subquery()
)
