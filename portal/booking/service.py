"""Hold, book, move and cancel: each in one transaction, whole or not at all."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from portal.audit.service import AuditLog
from portal.booking import claims, events
from portal.booking.asking import Ask, Asker, Marks
from portal.booking.domain import Appointment, Cause, Details, Diary, Hold, Mode, Slot
from portal.booking.errors import EnoughInterviews, NoBooking, NotConsented, SlotTaken, TooManyMoves
from portal.booking.notices import Notices
from portal.booking.reads import Range, appointments, appointments_of, diaries, live_of, write_needs
from portal.booking.slots import nearest, pooled
from portal.booking.store import BookingRow, CancellationRow, HoldRow, LiveRow, PlacementRow
from portal.clock import Clock
from portal.db.engine import Database
from portal.db.personal import personal
from portal.people.domain import Participant
from portal.people.store import lock
from portal.reference import new_reference
from portal.study.booking import BookingRules
from portal.study.service import StudyBook

Consented = Callable[[Participant], bool]
"""Whether consent stands, so that she may book."""
Interviewers = Callable[["str | None"], Mapping[int, str]]
"""The open accounts that may give interviews at a site (None: at any), by number, with names that participants see."""

MarksOf = Callable[[int], Marks]
"""How the team marked a participant's interviews."""


class BookingService:
    """The only writer of bookings, placements, cancellations and claims."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        studies: StudyBook,
        notices: Notices,
        *,
        consented: Consented,
        interviewers: Interviewers,
        marks: MarksOf,
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._studies = studies
        self._notices = notices
        self._consented = consented
        self._interviewers = interviewers
        self._marks = marks

    @property
    def rules(self) -> BookingRules:
        """The study's, as published now."""
        return self._studies.current().study.booking

    def now(self) -> datetime:
        """The present moment, by the portal's clock."""
        return self._clock()

    def slots(self, person: Participant, asker: Asker) -> list[Slot]:
        """Every slot that she could book now, by time. Her own booking stands in nobody's way: she may move into it."""
        begin = self._ask(person, asker)
        with self._database.reading() as session:
            ask = begin.now_with(self._live(session, person.id))
            return _slots(session, ask, ask.all_days())

    def may_book(self, person: Participant, asker: Asker) -> None:
        """Raises NotConsented, EnoughInterviews, TooLate, TooManyMoves: why she cannot book or move now."""
        begin = self._begin(person, asker)
        with self._database.reading() as session:
            _check(session, begin.now_with(self._live(session, person.id)))

    def hold(self, person: Participant, starts_at: datetime, asker: Asker) -> Hold:
        """Keep a time while she confirms it. A hold that she had before is given back.

        Raises:
            NotConsented, EnoughInterviews, TooLate, TooManyMoves
            SlotTaken: with the nearest times that are free.
        """
        begin = self._begin(person, asker)
        with self._with_nearest(begin, starts_at), self._database.transaction() as session:
            lock(session, person.id)
            ask = begin.now_with(self._live(session, person.id))
            _check(session, ask)
            claims.sweep(session, ask.now)
            claims.release(session, person.id)
            expires_at = ask.now + timedelta(minutes=ask.rules.hold_minutes)

            def take(slot: Slot, diary: Diary) -> None:
                row = HoldRow(
                    participant_id=person.id, interviewer_id=slot.interviewer_id,
                    starts_at=slot.starts_at, ends_at=slot.ends_at, expires_at=expires_at,
                )  # fmt: skip
                session.add(row)
                session.flush()
                claims.claim_for_hold(session, row, diary, slot, own_booking=ask.live.id if ask.live else None)

            return Hold(self._take(session, ask, starts_at, take), expires_at)

    def held(self, participant_id: int) -> Hold | None:
        """What she holds now."""
        query = select(HoldRow).where(HoldRow.participant_id == participant_id, HoldRow.expires_at > self._clock())
        with self._database.reading() as session:
            row = session.scalars(query).one_or_none()
        return Hold(Slot(row.starts_at, row.interviewer_id, row.ends_at), row.expires_at) if row else None

    def book(self, person: Participant, starts_at: datetime, details: Details, asker: Asker) -> Appointment:
        """Make her booking, or move the one that she has: the old time is kept until the new one is sure.

        What she holds is preferred; a hold that expired does no harm while the time is free. The same twice is done
        once.

        Raises: as `hold`.
        """
        begin = self._begin(person, asker)
        with self._with_nearest(begin, starts_at), self._database.transaction() as session:
            lock(session, person.id)
            live = self._live(session, person.id)
            ask = begin.now_with(live)
            if live and live.starts_at == starts_at and live.details == details:
                claims.release(session, person.id)
                return live
            _check(session, ask)
            claims.sweep(session, ask.now)
            row = session.get_one(BookingRow, live.id) if live else self._new(session, person)
            slot = self._take(
                session, ask, starts_at, lambda slot, diary: claims.claim_for_booking(session, row, diary, slot)
            )
            return self._place(session, ask, row, slot, details)

    def cancel(self, person: Participant, asker: Asker, cause: Cause, why: str = "") -> Appointment:
        """Cancel her booking. Raises NoBooking, TooLate."""
        begin = self._ask(person, asker)
        with self._database.transaction() as session:
            lock(session, person.id)
            live = live_of(session, person.id)
            if live is None or (not live.upcoming(begin.now) and cause is not Cause.MISSED):
                raise NoBooking
            ask = begin.now_with(live)
            ask.in_time()
            return self._cancel(session, ask, live, cause, why)

    def current(self, participant_id: int) -> Appointment | None:
        """Her appointment that is still to come or going on."""
        with self._database.reading() as session:
            return self._live(session, participant_id)

    def standing(self, participant_id: int) -> Appointment | None:
        """Her newest booking that was not cancelled, even if it is over: the team may say that it was missed."""
        with self._database.reading() as session:
            return live_of(session, participant_id)

    def currents(self, participant_ids: Sequence[int]) -> dict[int, Appointment]:
        """The same for many, by participant, in one query."""
        wanted, now = BookingRow.participant_id.in_(participant_ids), self._clock()
        return {one.participant_id: one for one in self._found(wanted) if one.upcoming(now)}

    def had(self, participant_id: int) -> int:
        """How many of her interviews are over: those that were booked, and those that were held without a booking.

        One that the team marked as broken off or not attended is none: she can book another.
        """
        marks = self._marks(participant_id)
        return len(self._over(participant_id, marks)) + marks.held

    def unsaid(self, participant_id: int) -> Appointment | None:
        """Her newest interview by video that is over by the clock alone: nobody has said yet what became of it. None
        where she has had enough of them without.
        """
        marks = self._marks(participant_id)
        over = self._over(participant_id, marks)
        unsaid = [one for one in over if one.mode is Mode.VIDEO and one.reference not in marks.taken]
        enough = len(over) - len(unsaid) + marks.held >= self.rules.interviews
        return unsaid[-1] if unsaid and not enough else None

    def by_reference(self, reference: str) -> Appointment | None:
        """The booking of this reference, cancelled or not."""
        return next(iter(self._found(BookingRow.reference == reference)), None)

    def by_references(self, references: Collection[str]) -> list[Appointment]:
        """The bookings of these references, by time, cancelled ones too."""
        return self._found(BookingRow.reference.in_(references))

    def of_participant(self, participant_id: int) -> list[Appointment]:
        """All her bookings, by time, cancelled ones too."""
        with self._database.reading() as session:
            return appointments_of(session, participant_id)

    def of_staff(self, staff_id: int, *, since: datetime) -> list[Appointment]:
        """Everything that the interviewer has or had since then, by time, cancelled ones too."""
        return self._found(PlacementRow.interviewer_id == staff_id, PlacementRow.ends_at > since)

    def between(self, first: datetime, last: datetime) -> list[Appointment]:
        """Everybody's that start between the moments, by time, cancelled ones too."""
        return self._found(PlacementRow.starts_at.between(first, last))

    def every_interviewer(self) -> Mapping[int, str]:
        """The open accounts that may give interviews anywhere, with their names."""
        return self._interviewers(None)

    def interviewers(self, site: str) -> Mapping[int, str]:
        """The open accounts that may give interviews at the site, with their names."""
        return self._interviewers(site)

    def _over(self, participant_id: int, marks: Marks) -> list[Appointment]:
        now = self._clock()
        booked = [one for one in self.of_participant(participant_id) if one.cancelled_at is None]
        return [one for one in booked if one.ends_at <= now and one.reference not in marks.undone]

    def _found(self, *criteria: ColumnElement[bool]) -> list[Appointment]:
        with self._database.reading() as session:
            return appointments(session, *criteria)

    def _begin(self, person: Participant, asker: Asker) -> Ask:
        """What is asked for, if she may ask at all. Raises NotConsented."""
        if not self._consented(person):
            raise NotConsented
        return self._ask(person, asker)

    def _ask(self, person: Participant, asker: Asker) -> Ask:
        """Looked up before a transaction begins: what others have to say need not be waited for inside one."""
        interviewers, marks = frozenset(self._interviewers(person.site)), self._marks(person.id)
        return Ask(person, asker, self.rules, self._clock(), interviewers, marks=marks)

    def _live(self, session: Session, participant_id: int) -> Appointment | None:
        """Her booking while it can still be moved; one that is over is no obstacle to the next."""
        live = live_of(session, participant_id)
        return live if live and live.upcoming(self._clock()) else None

    def _take(self, session: Session, ask: Ask, starts_at: datetime, take: Callable[[Slot, Diary], None]) -> Slot:
        """Claim an interviewer for the time: whom she holds or has already, or else who has most room that day."""
        if not ask.offer.earliest <= starts_at <= ask.offer.latest:
            raise SlotTaken
        claims.take_turns(session, ask.interviewers)
        found = diaries(session, ask.interviewers, ask.rules, ask.on(starts_at), ask.now)
        by_id = {one.interviewer_id: one for one in found}
        free = pooled(found, ask.offer.only(starts_at))
        if not free:
            raise SlotTaken
        held = session.scalar(select(HoldRow.interviewer_id).where(HoldRow.participant_id == ask.person.id))
        known = (held, *(ask.live.interviewer_ids if ask.live else ()))
        slot = next((slot for one in known for slot in free if slot.interviewer_id == one), free[0])
        take(slot, by_id[slot.interviewer_id])
        return slot

    @contextmanager
    def _with_nearest(self, begin: Ask, wanted: datetime) -> Iterator[None]:
        """Add the nearest free times to a refusal; looked for once the transaction is over, so that nobody waits."""
        try:
            yield
        except SlotTaken:
            with self._database.reading() as session:
                ask = begin.now_with(self._live(session, begin.person.id))
                near = nearest(_slots(session, ask, ask.around(wanted)), wanted)
            raise SlotTaken(near) from None

    def _new(self, session: Session, person: Participant) -> BookingRow:
        """A booking, and its place as her only one. What stood there is over or cancelled."""
        row = BookingRow(reference=new_reference("B"), participant_id=person.id, made_at=self._clock())
        old = session.get(LiveRow, person.id)
        if old is not None:
            session.delete(old)
            session.flush()
        session.add(row)
        session.flush()
        session.add(LiveRow(participant_id=person.id, booking_id=row.id))
        session.flush()
        return row

    def _place(self, session: Session, ask: Ask, row: BookingRow, slot: Slot, details: Details) -> Appointment:
        person, old = ask.person, ask.live
        sequence = old.sequence + 1 if old else 0
        kind, more = (events.MOVED, {"sequence": sequence}) if old else (events.MADE, {})
        entry = self._audit.record(
            session, kind, actor=ask.asker.actor, subject=person.subject, reference=row.reference,
            starts_at=slot.starts_at.isoformat(), interviewer=slot.interviewer_id, mode=details.mode.value, **more,
        )  # fmt: skip
        session.add(
            PlacementRow(
                booking_id=row.id, sequence=sequence, interviewer_id=slot.interviewer_id, starts_at=slot.starts_at,
                ends_at=slot.ends_at, mode=details.mode.value, by_team=ask.asker.team, at=entry.at,
                needs=personal(person.study_id, write_needs(details)),
            )
        )  # fmt: skip
        made = Appointment(
            row.id, row.reference, person.id, (slot.interviewer_id,), slot.starts_at, slot.ends_at, sequence,
            row.made_at, entry.at, details,
        )  # fmt: skip
        self._notices.placed(session, person, made, old, ask.rules)
        return made

    def _cancel(self, session: Session, ask: Ask, live: Appointment, cause: Cause, why: str) -> Appointment:
        sequence, person = live.sequence + 1, ask.person
        entry = self._audit.record(
            session, events.CANCELLED, actor=ask.asker.actor, subject=person.subject,
            reference=live.reference, sequence=sequence, cause=cause.value,
        )  # fmt: skip
        session.add(
            CancellationRow(
                booking_id=live.id, sequence=sequence, cause=cause.value, why=personal(person.study_id, why),
                at=entry.at,
            )
        )  # fmt: skip
        claims.free(session, live.id)
        claims.release(session, person.id)
        row = session.get(LiveRow, person.id)
        if row is not None:
            session.delete(row)
        session.flush()
        gone = replace(live, sequence=sequence, changed_at=entry.at, cancelled_at=entry.at, cause=cause)
        self._notices.cancelled(session, person, gone, ask.rules)
        return gone


def _slots(session: Session, ask: Ask, within: Range) -> list[Slot]:
    return pooled(diaries(session, ask.interviewers, ask.rules, within, ask.now), ask.offer)


def _check(session: Session, ask: Ask) -> None:
    """Raises EnoughInterviews, TooLate, TooManyMoves."""
    if ask.live is None:
        mine = appointments(session, BookingRow.participant_id == ask.person.id)
        counted = sum(one.cancelled_at is None and one.reference not in ask.marks.undone for one in mine)
        if counted + ask.marks.held >= ask.rules.interviews:
            raise EnoughInterviews
    elif not ask.asker.team:
        ask.in_time()
        own = select(func.count()).where(PlacementRow.booking_id == ask.live.id, PlacementRow.by_team.is_(False))
        if (session.scalar(own) or 0) > ask.rules.moves:
            raise TooManyMoves
