"""What somebody wishes beside a time: an earlier one, her own time zone."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.booking import events
from portal.booking.asking import Asker
from portal.booking.domain import LONDON, Appointment, known_zone, quantum
from portal.booking.errors import NoBooking
from portal.booking.notices import Notices
from portal.booking.service import BookingService
from portal.booking.slots import times
from portal.booking.store import EarlierOfferRow, EarlierWishRow, ZoneRow
from portal.clock import Clock
from portal.db.engine import Database
from portal.people.domain import Participant
from portal.people.store import lock


class Wishes:
    """The only writer of wishes."""

    def __init__(
        self, database: Database, clock: Clock, audit: AuditLog, booking: BookingService, notices: Notices
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._booking = booking
        self._notices = notices

    def want_earlier(self, person: Participant, *, wanted: bool) -> None:
        """ "Tell me of an earlier one", or no more. What is free now she has seen. Raises NoBooking."""
        known = self._earlier(person, self._current(person)) if wanted else []
        with self._database.transaction() as session:
            lock(session, person.id)
            live = self._current(person)
            session.add(
                EarlierWishRow(
                    booking_id=live.id, wanted=wanted, known=json.dumps([quantum(one) for one in known]),
                    at=self._clock(),
                )
            )  # fmt: skip
            self._audit.record(
                session, events.EARLIER_WANTED, actor=Actor.participant(person.study_id), subject=person.subject,
                reference=live.reference, wanted=wanted,
            )  # fmt: skip

    def wants_earlier(self, appointment: Appointment) -> bool:
        """Whether she waits for an earlier time."""
        with self._database.reading() as session:
            row = _newest(session, appointment.id)
        return row is not None and row.wanted

    def offer_earlier(self, person: Participant, appointment: Appointment) -> bool:
        """Tell her of times that have come free before hers, each once; gives whether there was one."""
        with self._database.reading() as session:
            wish = _newest(session, appointment.id)
        if wish is None or not wish.wanted:
            return False
        free = self._earlier(person, appointment)
        with self._database.transaction() as session:
            lock(session, person.id)
            told = select(EarlierOfferRow.starts_at).where(EarlierOfferRow.booking_id == appointment.id)
            known = {*json.loads(wish.known), *(quantum(one) for one in session.scalars(told))}
            fresh = [one for one in free if quantum(one) not in known]
            if not fresh:
                return False
            for one in fresh:
                session.add(EarlierOfferRow(booking_id=appointment.id, starts_at=one, at=self._clock()))
            self._notices.earlier(session, person, appointment)
        return True

    def zone(self, participant_id: int) -> ZoneInfo:
        """Hers; London's unless she chose another."""
        with self._database.reading() as session:
            row = session.get(ZoneRow, participant_id)
        return known_zone(row.zone) if row else LONDON

    def set_zone(self, participant_id: int, zone: ZoneInfo) -> None:
        """Show times there too."""
        with self._database.transaction() as session:
            session.merge(ZoneRow(participant_id=participant_id, zone=zone.key))

    def _current(self, person: Participant) -> Appointment:
        live = self._booking.current(person.id)
        if live is None:
            raise NoBooking
        return live

    def _earlier(self, person: Participant, appointment: Appointment) -> list[datetime]:
        every = times(self._booking.slots(person, Asker.herself(person)))
        return [one for one in every if one < appointment.starts_at]


def _newest(session: Session, booking_id: int) -> EarlierWishRow | None:
    query = select(EarlierWishRow).where(EarlierWishRow.booking_id == booking_id).order_by(EarlierWishRow.id.desc())
    return session.scalars(query.limit(1)).one_or_none()
