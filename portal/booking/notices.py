"""Who is told what: every message is promised in the transaction of the booking, move or cancellation itself.

Keys name the booking and its sequence. A change takes back whatever of an older sequence is not sent yet, so that
nobody is reminded of an hour that is no more.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.booking.calendar import Calendars
from portal.booking.domain import LONDON, Appointment, Mode, day_in, known_zone
from portal.booking.store import ZoneRow
from portal.clock import Clock
from portal.messages.domain import Attachment
from portal.messages.service import Outbox
from portal.people.domain import Participant
from portal.people.store import IdentityRow
from portal.sentence import said
from portal.study.booking import BookingRules
from portal.team.store import StaffRow

Say = Callable[[str, str], str]
"""A sentence in a language; an empty language is the study's first."""


_WORDS = said("To join, change or cancel, sign in on the website.")
_TEAM_WORDS = said("Sign in to the workspace to see with whom.")


class Notices:
    """Promises messages about bookings."""

    def __init__(self, outbox: Outbox, clock: Clock, calendars: Calendars, say: Say) -> None:
        self._outbox = outbox
        self._clock = clock
        self._calendars = calendars
        self._say = say

    def placed(
        self, session: Session, person: Participant, now: Appointment, before: Appointment | None, rules: BookingRules
    ) -> None:
        """It was made, or moved from `before`: tell both sides, remind her, and send the way in."""
        self._outbox.cancel(session, _prefix(now))
        self._tell(session, person, now, "booking_moved" if before else "booking_made", rules)
        self._remind(session, person, now, rules)
        had = before.interviewer_ids if before else ()
        for staff_id in now.interviewer_ids:
            self._tell_staff(session, staff_id, now, "moved" if staff_id in had else "made", rules)
        if before:
            # Out of the calendar of whoever had it: the same entry, taken out by the change that put it elsewhere.
            gone = replace(before, sequence=now.sequence, changed_at=now.changed_at, cancelled_at=now.changed_at)
            for staff_id in set(had) - set(now.interviewer_ids):
                self._tell_staff(session, staff_id, gone, "cancelled", rules)

    def cancelled(self, session: Session, person: Participant, gone: Appointment, rules: BookingRules) -> None:
        """It does not take place: nothing is sent of it any more but this, and not even this once it is over."""
        self._outbox.cancel(session, _prefix(gone))
        if gone.ends_at <= self._clock():
            return
        self._tell(session, person, gone, "booking_cancelled", rules)
        for staff_id in gone.interviewer_ids:
            self._tell_staff(session, staff_id, gone, "cancelled", rules)

    def earlier(self, session: Session, person: Participant, current: Appointment) -> None:
        """An earlier time has come free; told once a day at most."""
        key = f"{_prefix(current)}{current.sequence}:earlier:{day_in(self._clock(), LONDON)}"
        self._outbox.queue(session, template="earlier_time", to=person.subject, key=key, not_after=current.starts_at)

    def _tell(
        self, session: Session, person: Participant, one: Appointment, template: str, rules: BookingRules
    ) -> None:
        identity = session.get(IdentityRow, person.id)
        words = self._say(_WORDS.text, person.language)
        files = self._files(one, rules, words, identity.email, "/home") if identity and identity.email else ()
        self._queue(session, person, one, template, "told", not_after=one.ends_at, attachments=files)

    def _remind(self, session: Session, person: Participant, one: Appointment, rules: BookingRules) -> None:
        """Promise the reminders and the way in.

        What is over by now is left out, as when she books for tomorrow; a reminder is worth nothing any more once the
        next message is due.
        """
        join = one.starts_at - timedelta(minutes=rules.join_link_minutes)
        moments = [one.starts_at - timedelta(hours=hours) for hours in sorted(rules.reminder_hours, reverse=True)]
        for at, after in zip(moments, [*moments[1:], join], strict=True):
            if self._clock() < at < after:
                self._queue(session, person, one, "reminder", f"reminder:{at:%Y%m%dT%H%M}", at=at, not_after=after)
        if one.starts_at > self._clock():
            at = max(join, self._clock())
            self._queue(session, person, one, "join_link", "join", at=at, not_after=one.starts_at)

    def _queue(
        self, session: Session, person: Participant, one: Appointment, template: str, name: str, *,
        not_after: datetime, at: datetime | None = None, attachments: tuple[Attachment, ...] = (),
    ) -> None:  # fmt: skip
        zone = session.get(ZoneRow, person.id)
        self._outbox.queue(
            session, template=template, to=person.subject, key=f"{_prefix(one)}{one.sequence}:{name}", at=at,
            not_after=not_after, attachments=attachments,
            context={
                **_when(one), "zone": known_zone(zone.zone).key if zone else "",
                "by_phone": "yes" if one.mode is Mode.PHONE else "",
            },
        )  # fmt: skip

    def _tell_staff(self, session: Session, staff_id: int, one: Appointment, what: str, rules: BookingRules) -> None:
        member = session.get(StaffRow, staff_id)
        if member is None or member.closed_at:
            return
        to, key = f"staff:{staff_id}", f"{_prefix(one)}{one.sequence}:staff:{staff_id}"
        self._outbox.queue(
            session, template="team_booking", to=to, key=key, not_after=one.ends_at,
            context={**_when(one), "what": what},
            attachments=self._files(one, rules, self._say(_TEAM_WORDS.text, ""), member.email, "/workspace/bookings"),
        )  # fmt: skip
        if what != "cancelled" and one.starts_at > self._clock():
            at = max(one.starts_at - timedelta(minutes=rules.join_link_minutes), self._clock())
            self._outbox.queue(
                session, template="team_booking", to=to, key=f"{key}:soon", at=at, not_after=one.starts_at,
                context={**_when(one), "what": "soon"},
            )  # fmt: skip

    def _files(
        self, one: Appointment, rules: BookingRules, words: str, attendee: str, page: str
    ) -> tuple[Attachment, ...]:
        made = self._calendars.message(one, title=rules.title, words=words, attendee=attendee, page=page)
        parameters = {"method": made.method.value, "charset": "utf-8", "component": "VEVENT"}
        return (Attachment("appointment.ics", "text/calendar", made.content, parameters),)


def _when(one: Appointment) -> dict[str, str]:
    return {"starts_at": one.starts_at.isoformat(), "ends_at": one.ends_at.isoformat()}


def _prefix(one: Appointment) -> str:
    return f"booking:{one.id}:"
