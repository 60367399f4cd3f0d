"""Interviewers' other calendars: fetched now and then, read apart, and only when somebody is busy is kept."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import delete, or_, select

from portal.booking.errors import CalendarUnreadable
from portal.booking.fetching import Fetcher
from portal.booking.store import BusyRow, InterviewerRow
from portal.clock import Clock
from portal.db.engine import Database
from portal.each import each
from portal.settings import ROOT

log = structlog.get_logger(__name__)
EVERY = timedelta(minutes=15)
_AHEAD = timedelta(days=400)
_SECONDS = 15


class OtherCalendars:
    """Reads them."""

    def __init__(self, database: Database, clock: Clock, fetcher: Fetcher) -> None:
        self._database = database
        self._clock = clock
        self._fetcher = fetcher

    def read_due(self) -> int:
        """Read each that was not looked at for a while; gives how many were read well."""
        before = self._clock() - EVERY
        query = select(InterviewerRow.staff_id).where(
            InterviewerRow.calendar_url.is_not(None),
            or_(InterviewerRow.calendar_tried_at.is_(None), InterviewerRow.calendar_tried_at <= before),
        )
        with self._database.reading() as session:
            due = session.scalars(query).all()
        return each(due, lambda staff_id: not self.read(staff_id))

    def read(self, staff_id: int) -> str:
        """Read one now; gives what went wrong in one word, or "". What was known before stays then."""
        now = self._clock()
        with self._database.reading() as session:
            row = session.get(InterviewerRow, staff_id)
        if row is None or row.calendar_url is None:
            return ""
        url, problem, found = row.calendar_url, "", None
        try:
            found = busy_times(self._fetcher.get(url), now - timedelta(days=1), now + _AHEAD)
        except CalendarUnreadable as error:
            problem = str(error)
            log.warning("another calendar could not be read", staff=staff_id, why=problem)
        with self._database.transaction() as session:
            kept = session.get_one(InterviewerRow, staff_id, with_for_update=True)
            if kept.calendar_url != url:
                return ""  # she changed it meanwhile
            kept.calendar_tried_at, kept.calendar_problem = now, problem or None
            if found is not None:
                kept.calendar_read_at = now
                session.execute(delete(BusyRow).where(BusyRow.staff_id == staff_id))
                session.add_all(BusyRow(staff_id=staff_id, starts_at=one, ends_at=two) for one, two in found)
        return problem


def busy_times(
    content: bytes, first: datetime, last: datetime, *, cpu_seconds: int = 5
) -> list[tuple[datetime, datetime]]:
    """The calendar's busy times, read by a process of its own without our secrets. Raises CalendarUnreadable."""
    moments = [str(int(one.timestamp())) for one in (first, last)]
    command = [sys.executable, "-m", "portal.booking.busy_times", *moments, str(cpu_seconds)]
    environ = {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        answer = subprocess.run(  # noqa: S603 - our own module, with numbers as arguments
            command, input=content, capture_output=True, timeout=_SECONDS, check=False, cwd=ROOT, env=environ
        )
    except subprocess.TimeoutExpired as error:
        raise CalendarUnreadable("odd") from error
    if answer.returncode != 0:
        raise CalendarUnreadable("odd")
    return [
        (datetime.fromtimestamp(one, UTC), datetime.fromtimestamp(two, UTC)) for one, two in json.loads(answer.stdout)
    ]
