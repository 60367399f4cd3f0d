"""The interview rooms: the door, the notebook, and what joins them to consent and to the media process."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Select, func, literal, select

from portal.audit.service import AuditLog
from portal.booking.asking import Marks
from portal.booking.domain import Appointment as Booking
from portal.booking.domain import Cause, Mode
from portal.booking.service import BookingService
from portal.clock import Clock
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.duties.loop import ROOMS, Duty
from portal.people.service import PeopleService
from portal.recordings.domain import check_recipients
from portal.recordings.errors import RecipientsMissing
from portal.recordings.keys.errors import NotReadyToRecord
from portal.recordings.keys.service import KeyService
from portal.rooms.catalogue import RoomCatalogue, was_let_in
from portal.rooms.client import HttpMedia
from portal.rooms.closing import Closing
from portal.rooms.domain import Appointment, CalledOff, Outcome
from portal.rooms.endings import Endings
from portal.rooms.errors import RoomUnknown
from portal.rooms.guests import GuestList
from portal.rooms.joining import JoinService
from portal.rooms.notes import Notebook
from portal.rooms.service import RoomService
from portal.rooms.stops import Stops
from portal.rooms.store import RoomOutcomeRow, RoomRow
from portal.rooms.tickets import load_or_make_key
from portal.rooms.turn import Relay
from portal.rooms.watch import ConsentWatch
from portal.settings import Settings
from portal.study.service import StudyBook
from portal.web.permissions import SiteOf


class Booked:
    """The agreed interviews by video, as booking has them."""

    def __init__(self, booking: BookingService) -> None:
        self._booking = booking

    def of(self, participant_id: int) -> Sequence[Appointment]:
        """See Appointments."""
        return _by_video(self._booking.of_participant(participant_id))

    def by_key(self, keys: Collection[str]) -> Mapping[str, Appointment]:
        """See Appointments."""
        return {one.reference: _appointment(one) for one in self._booking.by_references(keys)}

    def between(self, earliest: datetime, latest: datetime) -> Sequence[Appointment]:
        """See Appointments."""
        return _by_video(self._booking.between(earliest, latest))


_IN_VAIN, _TALKED = "in_vain", "talked"
"""What a room tells where nobody has marked it."""
_UNDONE = (Outcome.BROKEN_OFF, Outcome.NOT_ATTENDED, _IN_VAIN)


class Marked:
    """How interviews ended, by the newest mark of each room."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, participant_id: int) -> Marks:
        """Of the participant's rooms."""
        newest = select(func.max(RoomOutcomeRow.id)).group_by(RoomOutcomeRow.room_id)
        query = (
            select(RoomRow.appointment_key, RoomOutcomeRow.outcome)
            .join(RoomOutcomeRow, RoomOutcomeRow.room_id == RoomRow.id)
            .where(RoomOutcomeRow.id.in_(newest), RoomRow.participant_id == participant_id)
            .union_all(_in_vain(participant_id), _let_in(participant_id))
        )
        with self._database.reading() as session:
            found = session.execute(query).all()
        held = sum(booking is None and outcome == Outcome.DONE for booking, outcome in found)
        taken = {booking for booking, outcome in found if booking is not None and outcome in (Outcome.DONE, _TALKED)}
        undone = (booking for booking, outcome in found if booking is not None and outcome in _UNDONE)
        return Marks(held, frozenset(undone), frozenset(taken))


def _let_in(participant_id: int) -> Select[str | None, str]:
    """Rooms that she was let into."""
    return select(RoomRow.appointment_key, literal(_TALKED)).where(
        RoomRow.participant_id == participant_id, was_let_in()
    )


def _in_vain(participant_id: int) -> Select[str | None, str]:
    """Rooms whose hours went by, with nobody let in and no mark yet: there was no interview, whoever waited."""
    return select(RoomRow.appointment_key, literal(_IN_VAIN)).where(
        RoomRow.participant_id == participant_id, RoomRow.ended_at >= RoomRow.closes_at, ~was_let_in(),
        RoomRow.id.not_in(select(RoomOutcomeRow.room_id)),
    )  # fmt: skip


def _by_video(bookings: Iterable[Booking]) -> list[Appointment]:
    found = [_appointment(one) for one in bookings if one.mode is Mode.VIDEO and one.cancelled_at is None]
    return sorted(found, key=lambda one: one.starts_at)


def _appointment(booking: Booking) -> Appointment:
    called_off = None
    if booking.cancelled_at is not None:
        called_off = CalledOff.MISSED if booking.cause is Cause.MISSED else CalledOff.CANCELLED
    elif booking.mode is not Mode.VIDEO:
        called_off = CalledOff.BY_PHONE
    return Appointment(booking.reference, booking.participant_id, booking.starts_at, booking.ends_at, called_off)


@dataclass(frozen=True)
class Rooms:
    """What was built."""

    registry: tuple[object, ...]
    rooms: RoomService
    stops: Stops
    media: HttpMedia
    relay: Relay


def build_rooms(
    settings: Settings,
    database: Database,
    clock: Clock,
    audit: AuditLog,
    studies: StudyBook,
    people: PeopleService,
    consents: ConsentService,
    booking: BookingService,
    keys: KeyService,
) -> Rooms:
    """Build the rooms' services."""
    key = settings.rooms_key.encode() or load_or_make_key(settings.instance / "keys" / "rooms.key")
    media = HttpMedia(_media_address(settings), key)
    booked = Booked(booking)
    catalogue = RoomCatalogue(database, clock, audit, settings.instance / "rooms")
    rooms = RoomService(database, clock, audit, studies, people, consents, booked, catalogue.let_in)
    endings = Endings(clock, rooms, booked)
    relay = Relay(tuple(settings.turn_urls.replace(",", " ").split()), settings.turn_secret)
    joining = JoinService(database, clock, audit, studies, consents, media, relay, lambda: _recipients(keys), key)
    watch = ConsentWatch(database, clock, studies, people, consents, media)
    consents.on_withdrawal(watch.withdrawn)
    stops = Stops(database, clock, audit, media)
    registry = (
        rooms, joining, watch, catalogue, stops, Notebook(database, clock, audit, studies),
        GuestList(database, clock, audit, rooms), endings,
        Closing(database, clock, rooms, endings, media, catalogue.in_use),
    )  # fmt: skip
    return Rooms(registry, rooms, stops, media, relay)


def duties(watch: ConsentWatch, stops: Stops, closing: Closing, catalogue: RoomCatalogue) -> tuple[Duty, ...]:
    """What the worker does for rooms."""
    return (
        Duty("carry wishes to stop into rooms", 1, stops.run, ROOMS),
        Duty("carry withdrawals into rooms", 2, watch.run, ROOMS),
        Duty("end rooms that are over", 2, closing.run, ROOMS),
        Duty("catalogue rooms", 5, catalogue.run, ROOMS),
    )


def sites(rooms: RoomService) -> Mapping[str, SiteOf]:
    """The site of a room in an address."""

    def of_room(code: str) -> str | None:
        try:
            return rooms.room(code).participant.site
        except RoomUnknown:
            return None

    return {"room_code": of_room}


def _recipients(keys: KeyService) -> tuple[str, ...]:
    """The public keys that recordings are locked with now; none while the team is not ready to record."""
    try:
        found = keys.recipients_now()
        recipients = (*found.members, found.recovery)
        check_recipients(recipients, [found.recovery])
    except (NotReadyToRecord, RecipientsMissing):
        return ()
    return tuple(str(one) for one in recipients)


def _media_address(settings: Settings) -> Path | tuple[str, int]:
    if not settings.media_listen:
        return settings.instance / "media.sock"
    host, _, port = settings.media_listen.rpartition(":")
    return host.strip("[]"), int(port)
