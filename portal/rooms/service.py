"""Open a room, find the one that somebody may come into, and mark how the interview ended."""

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.db.personal import personal
from portal.people.domain import Participant
from portal.people.service import PeopleService
from portal.people.store import lock
from portal.rooms import events
from portal.rooms.domain import (
    Appointment,
    Appointments,
    CalledOff,
    Hours,
    Mark,
    Meeting,
    Outcome,
    Phase,
    Room,
    hours_from,
    hours_of,
    next_meeting,
    outlived,
)
from portal.rooms.errors import NotConsented, NothingArranged, NotOpen, RoomUnknown
from portal.rooms.store import RoomOutcomeRow, RoomRow
from portal.study.interview import InterviewRoom
from portal.study.service import StudyBook

AHEAD = timedelta(days=7)
"""How far ahead the team's list looks."""
BEHIND = timedelta(days=28)
"""How far back it looks for interviews that nobody came to."""


class RoomService:
    """The only writer of rooms and outcomes."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        studies: StudyBook,
        people: PeopleService,
        consents: ConsentService,
        appointments: Appointments,
        was_let_in: Callable[[int], bool],
    ) -> None:
        """
        Args:
            was_let_in: whether the participant was let into the room of this number.
        """
        self._database = database
        self._clock = clock
        self._audit = audit
        self._studies = studies
        self._people = people
        self._consents = consents
        self._appointments = appointments
        self._was_let_in = was_let_in

    @property
    def rules(self) -> InterviewRoom:
        """How the study published now runs its rooms."""
        return self._studies.current().study.interview_room

    def now(self) -> datetime:
        """The moment by which rooms are open or over."""
        return self._clock()

    def meeting(self, person: Participant) -> Meeting | None:
        """Her next interview, or the one that is open now; None while consent does not stand."""
        if not self._consents.state(person).stands:
            return None
        with self._database.reading() as session:
            return next_meeting([hours for hours, _ in self._meetings(session, person)], self._clock())

    def enter(self, person: Participant) -> Room:
        """The room that she may come into now; at first it is opened for her appointment.

        Raises:
            NotConsented, NothingArranged, NotOpen
        """
        self._check_consent(person)
        found = self._find_or_open(person, by=None) or self.going_on(person)
        if found is not None:
            return found
        meeting = self.meeting(person)
        if meeting is None:
            raise NothingArranged("no interview is agreed")
        raise NotOpen(meeting.hours.opens_at)

    def going_on(self, person: Participant) -> Room | None:
        """Her newest room, if people may go on talking in it although its hours are over, or the interview is moved or
        cancelled meanwhile: it is ended, or moved too, once they have stopped.
        """
        newest, now = next(iter(self.of_participant(person)), None), self._clock()
        if newest is None or self._is_by_phone(newest):
            return None
        talk = newest.is_open(now) and self._was_let_in(newest.id)
        return newest if talk or newest.may_return(now) else None

    def open_by_hand(self, person: Participant, *, staff_id: int) -> Room:
        """Her open room, or a new one that is open from now on. Raises NotConsented."""
        self._check_consent(person)
        room = self._find_or_open(person, by=staff_id)
        if room is None:
            raise NotConsented("consent ended meanwhile")
        return room

    def own(self, person: Participant, code: str) -> Room:
        """Her room of this code. Raises RoomUnknown, also for another's."""
        room = self.room(code)
        if room.participant.id != person.id:
            raise RoomUnknown("not hers")
        return room

    def room(self, code: str) -> Room:
        """The room of this code. Raises RoomUnknown."""
        with self._database.reading() as session:
            row = session.scalars(select(RoomRow).where(RoomRow.code == code[:32])).one_or_none()
            if row is None:
                raise RoomUnknown("no such room")
            return self._rooms(session, [row])[0]

    def by_id(self, room_id: int) -> Room:
        """The room of this number. Raises RoomUnknown."""
        with self._database.reading() as session:
            row = session.get(RoomRow, room_id)
            if row is None:
                raise RoomUnknown("no such room")
            return self._rooms(session, [row])[0]

    def many(self, room_ids: Collection[int]) -> list[Room]:
        """The rooms of these numbers, newest first."""
        query = select(RoomRow).where(RoomRow.id.in_(room_ids)).order_by(RoomRow.starts_at.desc())
        with self._database.reading() as session:
            return self._rooms(session, session.scalars(query).all())

    def of_recording(self, recording_id: str) -> Room:
        """The room that a recording was made in. Raises RoomUnknown."""
        with self._database.reading() as session:
            row = session.scalars(select(RoomRow).where(RoomRow.recording_id == recording_id)).one_or_none()
            if row is None:
                raise RoomUnknown("no room has this recording")
            return self._rooms(session, [row])[0]

    def open_rooms(self) -> list[Room]:
        """Every room that people may be in now, in order of time."""
        now = self._clock()
        query = select(RoomRow).where(RoomRow.closes_at > now).order_by(RoomRow.starts_at)
        with self._database.reading() as session:
            return [one for one in self._rooms(session, session.scalars(query).all()) if one.is_open(now)]

    def unmarked(self) -> list[Room]:
        """Rooms that are over and whose outcome nobody has marked yet, newest first."""
        over = or_(RoomRow.closes_at <= self._clock(), RoomRow.ended_at.is_not(None))
        marked = select(RoomOutcomeRow.room_id)
        query = select(RoomRow).where(over, RoomRow.id.not_in(marked)).order_by(RoomRow.starts_at.desc()).limit(100)
        with self._database.reading() as session:
            return self._rooms(session, session.scalars(query).all())

    def coming(self) -> list[tuple[Participant, Hours]]:
        """Agreed interviews of the next days that have no room yet, in order of time."""
        now, rules = self._clock(), self.rules
        agreed = self._appointments.between(now - timedelta(hours=rules.closes_hours_after), now + AHEAD)
        return self._meant(self._without_room(agreed))

    def overlooked(self) -> list[tuple[Participant, Hours]]:
        """Agreed interviews of the last weeks to whose room nobody came, neither side, newest first."""
        return self._meant(self._past_without_room())

    def room_of_overlooked(self, person: Participant, *, staff_id: int) -> Room:
        """The room of her newest interview that nobody came to, so that its outcome can be marked: it is over.

        Raises NothingArranged.
        """
        with self._database.transaction() as session:
            lock(session, person.id)  # two members may press at the same moment
            for one in self._past_without_room():
                if one.participant_id == person.id:
                    return self._open(session, person, hours_of(one, self.rules), appointment=one, by=staff_id)
        raise NothingArranged("every agreed interview has a room")

    def of_participant(self, person: Participant) -> list[Room]:
        """All her rooms, newest first."""
        query = select(RoomRow).where(RoomRow.participant_id == person.id).order_by(RoomRow.id.desc())
        with self._database.reading() as session:
            return self._rooms(session, session.scalars(query).all())

    def mark(self, room: Room, outcome: Outcome, reason: str, *, staff_id: int) -> None:
        """Say how the interview ended. The newest word counts; older ones stay on record."""
        with self._database.transaction() as session:
            entry = self._audit.record(
                session, events.OUTCOME, actor=Actor.staff(staff_id), subject=room.subject,
                participant=room.participant.study_id, outcome=outcome.value,
            )  # fmt: skip
            session.add(
                RoomOutcomeRow(
                    room_id=room.id, staff_id=staff_id, outcome=outcome.value,
                    reason=personal(room.participant.study_id, reason), at=entry.at
                )
            )  # fmt: skip

    def marks(self, room: Room) -> list[Mark]:
        """Every word on how it ended, in order; the last one counts."""
        query = select(RoomOutcomeRow).where(RoomOutcomeRow.room_id == room.id).order_by(RoomOutcomeRow.id)
        with self._database.reading() as session:
            return [Mark(row.at, Outcome(row.outcome), row.staff_id) for row in session.scalars(query)]

    def _is_by_phone(self, room: Room) -> bool:
        if room.appointment_key is None:
            return False
        appointment = self._appointments.by_key([room.appointment_key]).get(room.appointment_key)
        return appointment is not None and appointment.called_off is CalledOff.BY_PHONE

    def _past_without_room(self) -> list[Appointment]:
        now = self._clock()
        over = now - timedelta(hours=self.rules.closes_hours_after)
        return self._without_room(self._appointments.between(now - BEHIND, over))[::-1]

    def _without_room(self, agreed: Sequence[Appointment]) -> list[Appointment]:
        if not agreed:
            return []
        query = select(RoomRow).where(RoomRow.appointment_key.in_([one.key for one in agreed]))
        with self._database.reading() as session:
            rooms = {one.appointment_key: one for one in self._rooms(session, session.scalars(query).all())}
        return [one for one in agreed if one.key not in rooms or outlived(rooms[one.key], one)]

    def _meant(self, agreed: Sequence[Appointment]) -> list[tuple[Participant, Hours]]:
        people = self._people.many({one.participant_id for one in agreed}) if agreed else {}
        return [(people[one.participant_id], hours_of(one, self.rules)) for one in agreed]

    def _check_consent(self, person: Participant) -> None:
        if not self._consents.state(person).stands:
            raise NotConsented("consent does not stand")

    def _find_or_open(self, person: Participant, by: int | None) -> Room | None:
        now = self._clock()
        with self._database.transaction() as session:
            lock(session, person.id)  # both sides may come at the same moment
            for hours, source in self._meetings(session, person):
                if hours.phase(now) is Phase.OPEN:
                    if isinstance(source, Room):
                        return _moved(session, source, hours)
                    return self._open(session, person, hours, appointment=source, by=None)
            if by is None:
                return None
            return self._open(session, person, hours_from(now), appointment=None, by=by)

    def _open(
        self, session: Session, person: Participant, hours: Hours, *, appointment: Appointment | None, by: int | None
    ) -> Room:
        if appointment is not None:  # it has gone on from a room that is over
            before = update(RoomRow).where(RoomRow.appointment_key == appointment.key)
            session.execute(before.values(appointment_key=None))
        row = RoomRow(
            code=secrets.token_urlsafe(16), participant_id=person.id,
            appointment_key=appointment.key if appointment else None,
            publication_hash=self._studies.current().content_hash,
            starts_at=hours.starts_at, opens_at=hours.opens_at, closes_at=hours.closes_at,
            opened_at=self._clock(), opened_by=by,
        )  # fmt: skip
        session.add(row)
        session.flush()
        self._audit.record(
            session, events.OPENED, actor=Actor.participant(person.study_id) if by is None else Actor.staff(by),
            subject=f"room:{row.id}", participant=person.study_id, by_hand=appointment is None,
        )  # fmt: skip
        return Room(row.id, row.code, person, hours, row.publication_hash, row.appointment_key, None)

    def _meetings(self, session: Session, person: Participant) -> list[tuple[Hours, Room | Appointment]]:
        """Her rooms that are not over, and her appointments without a room.

        A moved appointment moves its room, or has another one if its own is over; a cancelled one shuts it.
        """
        agreed = {one.key: one for one in self._appointments.of(person.id)}
        rows = session.scalars(select(RoomRow).where(RoomRow.participant_id == person.id).order_by(RoomRow.id))
        rooms = self._rooms(session, rows.all())
        found: list[tuple[Hours, Room | Appointment]] = []
        for room in rooms:
            appointment = agreed.get(room.appointment_key or "")
            if appointment is not None and outlived(room, appointment):
                continue
            agreed.pop(room.appointment_key or "", None)
            if room.outcome is not None or room.ended or (room.appointment_key and appointment is None):
                continue
            found.append((hours_of(appointment, self.rules) if appointment else room.hours, room))
        found += [(hours_of(one, self.rules), one) for one in agreed.values()]
        return found

    def _rooms(self, session: Session, rows: Sequence[RoomRow]) -> list[Room]:
        if not rows:
            return []
        people = self._people.many({row.participant_id for row in rows})
        marked = select(RoomOutcomeRow.room_id, RoomOutcomeRow.outcome).where(
            RoomOutcomeRow.room_id.in_([row.id for row in rows])
        )
        outcomes = {room: Outcome(word) for room, word in session.execute(marked.order_by(RoomOutcomeRow.id))}
        return [
            Room(
                row.id, row.code, people[row.participant_id], row.hours, row.publication_hash,
                row.appointment_key, outcomes.get(row.id), row.ended_at,
            )
            for row in rows
        ]  # fmt: skip


def _moved(session: Session, room: Room, hours: Hours) -> Room:
    if room.hours == hours:
        return room
    session.get_one(RoomRow, room.id).move(hours)
    return replace(room, hours=hours)
