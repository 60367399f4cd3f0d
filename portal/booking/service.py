"""Hold, book, move and cancel: each in one transaction, whole or not at all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.booking import claims, events
from portal.booking.bank_holidays import bank_holidays
from portal.booking.domain import Appointment, Cause, Details, Diary, Hold, Slot, day_in
from portal.booking.errors import EnoughInterviews, NoBooking, NotConsented, SlotTaken, TooLate, TooManyMoves
from portal.booking.reads import Range, appointments, diaries, live_of, write_needs
from portal.booking.slots import Offer, nearest, pooled
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
Interviewers = Callable[[str], Mapping[int, str]]
"""The open accounts that may give interviews at a site, by number, with the name that participants see."""


@dataclass(frozen=True)
class Asker:
    """Who books: the participant herself, or the team for her, which no notice and no limit of moves holds back."""

    actor: Actor
    team: bool = False

    @classmethod
    def herself(cls, person: Participant) -> "Asker":
        """The participant."""
        return cls(Actor.participant(person.study_id))

    @classmethod
    def staff(cls, staff_id: int) -> "Asker":
        """A member of the team, on her behalf."""
        return cls(Actor.staff(staff_id), team=True)


class BookingService:
    """The only writer of bookings, placements, cancellations and claims."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        studies: StudyBook,
        *,
        consented: Consented,
        interviewers: Interviewers,
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._studies = studies
        self._consented = consented
        self._interviewers = interviewers

    @property
    def rules(self) -> BookingRules:
        """The study's, as published now."""
        return self._studies.current().study.booking

    def slots(self, person: Participant, asker: Asker) -> list[Slot]:
        """Every slot that she could book now, by time. Her own booking stands in nobody's way: she may move into it."""
        with self._database.reading() as session:
            return self._slots(session, person, asker, live_of(session, person.id))

    def may_book(self, person: Participant, asker: Asker) -> None:
        """Raises NotConsented, EnoughInterviews, TooLate, TooManyMoves: why she cannot book or move now."""
        if not self._consented(person):
            raise NotConsented
        with self._database.reading() as session:
            self._check(session, person, asker, self._live(session, person))

    def hold(self, person: Participant, starts_at: datetime, asker: Asker) -> Hold:
        """Keep a time while she confirms it. A hold that she had before is given back.

        Raises:
            NotConsented, EnoughInterviews, TooLate, TooManyMoves
            SlotTaken: with the nearest times that are free.
        """
        if not self._consented(person):
            raise NotConsented
        now = self._clock()
        expires_at = now + timedelta(minutes=self.rules.hold_minutes)
        with self._database.transaction() as session:
            lock(session, person.id)
            live = self._live(session, person)
            self._check(session, person, asker, live)
            claims.sweep(session, now)
            claims.release(session, person.id)

            def take(slot: Slot, diary: Diary) -> None:
                row = HoldRow(
                    participant_id=person.id, interviewer_id=slot.interviewer_id,
                    starts_at=slot.starts_at, ends_at=slot.ends_at, expires_at=expires_at,
                )  # fmt: skip
                session.add(row)
                session.flush()
                claims.claim_for_hold(session, row, diary, slot, own_booking=live.id if live else None)

            slot = self._take(session, person, starts_at, asker, live, take)
        return Hold(slot, expires_at)

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
        if not self._consented(person):
            raise NotConsented
        with self._database.transaction() as session:
            lock(session, person.id)
            live = self._live(session, person)
            if live and live.starts_at == starts_at and live.details == details:
                claims.release(session, person.id)
                return live
            self._check(session, person, asker, live)
            claims.sweep(session, self._clock())
            row = session.get_one(BookingRow, live.id) if live else self._new(session, person)
            slot = self._take(
                session, person, starts_at, asker, live,
                lambda slot, diary: claims.claim_for_booking(session, row, diary, slot),
            )  # fmt: skip
            return self._place(session, person, row, slot, details, asker, live)

    def cancel(self, person: Participant, asker: Asker, cause: Cause, why: str = "") -> Appointment:
        """Cancel her booking. Raises NoBooking, TooLate."""
        with self._database.transaction() as session:
            lock(session, person.id)
            live = live_of(session, person.id)
            if live is None or (not live.upcoming(self._clock()) and cause is not Cause.MISSED):
                raise NoBooking
            if not asker.team:
                self._in_time(live)
            return self._cancel(session, person, live, asker.actor, cause, why)

    def current(self, participant_id: int) -> Appointment | None:
        """Her appointment that is still to come or going on."""
        with self._database.reading() as session:
            live = live_of(session, participant_id)
        return live if live and live.upcoming(self._clock()) else None

    def currents(self, participant_ids: Sequence[int]) -> dict[int, Appointment]:
        """The same for many, by participant, in one query."""
        wanted = BookingRow.participant_id.in_(participant_ids)
        return {one.participant_id: one for one in self._found(wanted) if one.upcoming(self._clock())}

    def by_reference(self, reference: str) -> Appointment | None:
        """The booking of this reference, cancelled or not."""
        return next(iter(self._found(BookingRow.reference == reference)), None)

    def of_participant(self, participant_id: int) -> list[Appointment]:
        """All her bookings, by time, cancelled ones too."""
        return self._found(BookingRow.participant_id == participant_id)

    def of_staff(self, staff_id: int, *, since: datetime) -> list[Appointment]:
        """Everything that the interviewer has or had since then, by time, cancelled ones too."""
        return self._found(PlacementRow.interviewer_id == staff_id, PlacementRow.ends_at > since)

    def between(self, first: datetime, last: datetime) -> list[Appointment]:
        """Everybody's that start between the moments, by time, cancelled ones too."""
        return self._found(PlacementRow.starts_at.between(first, last))

    def interviewers(self, site: str) -> Mapping[int, str]:
        """The open accounts that may give interviews at the site, with their names."""
        return self._interviewers(site)

    def _found(self, *criteria: object) -> list[Appointment]:
        with self._database.reading() as session:
            return appointments(session, *criteria)  # type: ignore[arg-type]

    def _live(self, session: Session, person: Participant) -> Appointment | None:
        """Her booking while it can still be moved; one that is over is no obstacle to the next."""
        live = live_of(session, person.id)
        return live if live and live.upcoming(self._clock()) else None

    def _check(self, session: Session, person: Participant, asker: Asker, live: Appointment | None) -> None:
        if live is None:
            had = [one for one in appointments(session, BookingRow.participant_id == person.id) if not one.cancelled_at]
            if len(had) >= self.rules.interviews:
                raise EnoughInterviews
        elif not asker.team:
            self._in_time(live)
            own = select(func.count()).where(PlacementRow.booking_id == live.id, PlacementRow.by_team.is_(False))
            if (session.scalar(own) or 0) > self.rules.moves:
                raise TooManyMoves

    def _in_time(self, live: Appointment) -> None:
        if live.starts_at - self._clock() < timedelta(hours=self.rules.changes_until_hours):
            raise TooLate

    def _slots(self, session: Session, person: Participant, asker: Asker, live: Appointment | None) -> list[Slot]:
        offer, within = self._offer(person, asker), self._within(person, live)
        return pooled(diaries(session, self._interviewers(person.site), self.rules, within, self._clock()), offer)

    def _offer(self, person: Participant, asker: Asker) -> Offer:
        rules, now = self.rules, self._clock()
        return Offer(
            length=timedelta(minutes=rules.length(person.group)), every=timedelta(minutes=rules.every_minutes),
            earliest=now if asker.team else now + timedelta(hours=rules.notice_hours),
            latest=now + timedelta(days=rules.horizon_days),
        )  # fmt: skip

    def _within(self, person: Participant, live: Appointment | None, at: datetime | None = None) -> Range:
        now, rules = self._clock(), self.rules
        first = day_in(at or now)
        last = first if at else day_in(now) + timedelta(days=rules.horizon_days)
        off = bank_holidays(first, last) if rules.bank_holidays == "off" else ()
        return Range(first, last, off, live.id if live else None, person.id)

    def _take(
        self,
        session: Session,
        person: Participant,
        starts_at: datetime,
        asker: Asker,
        live: Appointment | None,
        take: Callable[[Slot, Diary], None],
    ) -> Slot:
        """Claim an interviewer for the time: whom she holds or has already, or else who has most room that day."""
        within, offer, now = self._within(person, live, starts_at), self._offer(person, asker), self._clock()

        def look(session: Session, interviewer_id: int) -> Diary | None:
            return next(iter(diaries(session, [interviewer_id], self.rules, within, now)), None)

        found = pooled(diaries(session, self._interviewers(person.site), self.rules, within, now), offer)
        held = session.scalar(select(HoldRow.interviewer_id).where(HoldRow.participant_id == person.id))
        known = [one for one in (held, *(live.interviewer_ids if live else ())) if one is not None]
        candidates = [slot for slot in found if slot.starts_at == starts_at]
        rank = {interviewer_id: place for place, interviewer_id in enumerate(dict.fromkeys(known))}
        candidates.sort(key=lambda slot: rank.get(slot.interviewer_id, len(rank)))
        try:
            return claims.first_free(session, candidates, look, take)
        except SlotTaken:
            raise SlotTaken(nearest(self._slots(session, person, asker, live), starts_at)) from None

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

    def _place(
        self,
        session: Session,
        person: Participant,
        row: BookingRow,
        slot: Slot,
        details: Details,
        asker: Asker,
        old: Appointment | None,
    ) -> Appointment:
        sequence = old.sequence + 1 if old else 0
        kind, more = (events.MOVED, {"sequence": sequence}) if old else (events.MADE, {})
        entry = self._audit.record(
            session, kind, actor=asker.actor, subject=person.subject, reference=row.reference,
            starts_at=slot.starts_at.isoformat(), interviewer=slot.interviewer_id, mode=details.mode.value, **more,
        )  # fmt: skip
        session.add(
            PlacementRow(
                booking_id=row.id, sequence=sequence, interviewer_id=slot.interviewer_id, starts_at=slot.starts_at,
                ends_at=slot.ends_at, mode=details.mode.value, by_team=asker.team,
                needs=personal(person.study_id, write_needs(details)),
                at=entry.at,
            )
        )  # fmt: skip
        return Appointment(
            row.id, row.reference, person.id, (slot.interviewer_id,), slot.starts_at, slot.ends_at, sequence,
            row.made_at, entry.at, details,
        )  # fmt: skip

    def _cancel(
        self, session: Session, person: Participant, live: Appointment, actor: Actor, cause: Cause, why: str
    ) -> Appointment:
        sequence = live.sequence + 1
        entry = self._audit.record(
            session, events.CANCELLED, actor=actor, subject=person.subject,
            reference=live.reference, sequence=sequence, cause=cause.value,
        )  # fmt: skip
        session.add(
            CancellationRow(
                booking_id=live.id,
                sequence=sequence,
                cause=cause.value,
                why=personal(person.study_id, why),
                at=entry.at,
            )
        )
        claims.free(session, live.id)
        claims.release(session, person.id)
        row = session.get(LiveRow, person.id)
        if row is not None:
            session.delete(row)
        session.flush()
        return Appointment(
            live.id, live.reference, person.id, live.interviewer_ids, live.starts_at, live.ends_at, sequence,
            live.made_at, entry.at, live.details, entry.at, cause,
        )  # fmt: skip
