"""Interviewers publish their hours and absences, and keep their own rules, feed and other calendar."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.audit.domain import Actor, EventKind
from portal.audit.service import AuditLog
from portal.booking import events
from portal.booking.availability import Plan, Windows, write
from portal.booking.domain import Span
from portal.booking.errors import WindowRefused
from portal.booking.reads import plan_of
from portal.booking.store import AbsenceRow, BusyRow, HoursRow, InterviewerRow
from portal.clock import Clock
from portal.db.engine import Database


@dataclass(frozen=True)
class Absence:
    """An interviewer is away."""

    id: int
    starts_at: datetime
    ends_at: datetime
    note: str


@dataclass(frozen=True)
class Own:
    """What differs from the study's rules for one interviewer, and how her calendars are tied."""

    buffer_minutes: int | None
    daily_limit: int | None
    calendar: bool
    """Whether an address of another calendar is kept. The address itself is shown to nobody again."""
    calendar_read_at: datetime | None
    calendar_problem: str | None
    feed: bool


class AvailabilityService:
    """The only writer of hours, absences and interviewers' own rules."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    def plan(self, staff_id: int) -> Plan:
        """Her hours."""
        with self._database.reading() as session:
            return plan_of(session.scalars(select(HoursRow).where(HoursRow.staff_id == staff_id)))

    def set_week(self, staff_id: int, weekly: Mapping[int, Windows]) -> None:
        """Publish the weekly pattern: every weekday that is named."""
        with self._database.transaction() as session:
            interviewer(session, staff_id)
            for weekday, windows in weekly.items():
                self._keep(session, staff_id, str(weekday), windows)

    def set_day(self, staff_id: int, day: date, windows: Windows | None) -> None:
        """Let one day differ from the week; no windows is a day off, None follows the week again."""
        self.set_days(staff_id, {day: windows})

    def set_days(self, staff_id: int, days: Mapping[date, Windows | None]) -> None:
        """Several days at once, all or none."""
        with self._database.transaction() as session:
            interviewer(session, staff_id)
            for day, windows in days.items():
                self._keep(session, staff_id, day.isoformat(), windows)

    def absences(self, staff_id: int) -> list[Absence]:
        """Those not over yet, by time."""
        query = select(AbsenceRow).where(AbsenceRow.staff_id == staff_id, AbsenceRow.ends_at > self._clock())
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(AbsenceRow.starts_at))
            return [Absence(row.id, row.starts_at, row.ends_at, row.note) for row in rows]

    def add_absence(self, staff_id: int, span: Span, note: str = "") -> None:
        """Be away. Appointments that stand are not touched: whoever is away sees them and moves them. WindowRefused."""
        if span.ends_at <= span.starts_at:
            raise WindowRefused("an absence must end after it starts")
        if span.ends_at <= self._clock():
            raise WindowRefused("this time is over already")
        with self._database.transaction() as session:
            interviewer(session, staff_id)
            row = AbsenceRow(staff_id=staff_id, starts_at=span.starts_at, ends_at=span.ends_at, note=note)
            session.add(row)
            session.flush()
            self._record(session, events.AWAY_SET, staff_id, number=row.id)

    def remove_absence(self, staff_id: int, absence_id: int) -> None:
        """Be there after all. Another's, or one that is gone already, is left alone."""
        mine = delete(AbsenceRow).where(AbsenceRow.id == absence_id, AbsenceRow.staff_id == staff_id)
        with self._database.transaction() as session:
            if session.scalars(mine.returning(AbsenceRow.id)).all():
                self._record(session, events.AWAY_REMOVED, staff_id, number=absence_id)

    def own(self, staff_id: int) -> Own:
        """Her own rules and calendars."""
        with self._database.reading() as session:
            row = session.get(InterviewerRow, staff_id)
        if row is None:
            return Own(None, None, calendar=False, calendar_read_at=None, calendar_problem=None, feed=False)
        return Own(
            row.buffer_minutes, row.daily_limit, row.calendar_url is not None, row.calendar_read_at,
            row.calendar_problem, row.feed_hash is not None,
        )  # fmt: skip

    def set_own(self, staff_id: int, *, buffer_minutes: int | None, daily_limit: int | None) -> None:
        """Differ from the study's rules; None follows them."""
        with self._database.transaction() as session:
            row = interviewer(session, staff_id)
            row.buffer_minutes, row.daily_limit = buffer_minutes, daily_limit
            self._record(session, events.CALENDAR_SET, staff_id, what="rules")

    def set_calendar(self, staff_id: int, url: str | None) -> None:
        """Tie another calendar to hers, or untie it and forget what it said."""
        with self._database.transaction() as session:
            row = interviewer(session, staff_id)
            row.calendar_url, row.calendar_read_at = url, None
            row.calendar_tried_at = row.calendar_problem = None
            session.execute(delete(BusyRow).where(BusyRow.staff_id == staff_id))
            self._record(session, events.CALENDAR_SET, staff_id, what="other calendar")

    def issue_feed(self, staff_id: int) -> str:
        """A fresh secret for her calendar feed; an older one ends. It is shown once, only its hash is kept."""
        token = secrets.token_urlsafe(32)
        with self._database.transaction() as session:
            interviewer(session, staff_id).feed_hash = _hash(token)
            self._record(session, events.FEED_ISSUED, staff_id)
        return token

    def revoke_feed(self, staff_id: int) -> None:
        """End the feed."""
        with self._database.transaction() as session:
            interviewer(session, staff_id).feed_hash = None
            self._record(session, events.FEED_REVOKED, staff_id)

    def feed_owner(self, token: str) -> int | None:
        """Whose feed the secret opens."""
        with self._database.reading() as session:
            return session.scalar(select(InterviewerRow.staff_id).where(InterviewerRow.feed_hash == _hash(token)))

    def _keep(self, session: Session, staff_id: int, key: str, windows: Windows | None) -> None:
        row = session.get(HoursRow, (staff_id, key))
        before = row.windows if row else None
        after = None if windows is None else write(windows)
        if before == after:
            return
        if row is None:
            session.add(HoursRow(staff_id=staff_id, key=key, windows=after))
        elif after is None:
            session.delete(row)
        else:
            row.windows = after
        self._record(session, events.HOURS_SET, staff_id, key=key)

    def _record(self, session: Session, kind: EventKind, staff_id: int, **fields: str | int) -> None:
        self._audit.record(session, kind, actor=Actor.staff(staff_id), subject=f"staff:{staff_id}", **fields)


def interviewer(session: Session, staff_id: int) -> InterviewerRow:
    """The member's row, locked; made when she first publishes something."""
    row = session.get(InterviewerRow, staff_id, with_for_update=True)
    if row is None:
        row = InterviewerRow(staff_id=staff_id)
        session.add(row)
        session.flush()
    return row


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
