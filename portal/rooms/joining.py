"""Let somebody in: check consent and time, mint a ticket, and hand the browser's offer to the media process."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.recordings.domain import new_recording_id
from portal.rooms import events
from portal.rooms.client import Media
from portal.rooms.domain import Phase, Room
from portal.rooms.errors import NotConsented, NotOpen, RoomEnded, RoomOver
from portal.rooms.store import RoomRow
from portal.rooms.tickets import LIFETIME, RecordingTerms, Role, Ticket, issue, new_nonce
from portal.rooms.turn import Relay
from portal.study.service import StudyBook

PARTICIPANT = "p1"
"""The participant's pseudonym in every room."""
LONGEST_OFFER = 60_000
"""Characters of SDP. A browser's offer of our kind has about 15,000."""

Recipients = Callable[[], tuple[str, ...]]
"""The age public keys that recordings are encrypted to now."""


@dataclass(frozen=True)
class Visitor:
    """Somebody at the door: known to us, nameless to the media process but for the name that the others see."""

    person: str
    role: Role
    name: str
    actor: Actor
    video: bool = True


@dataclass(frozen=True)
class Answer:
    """What a browser gets back."""

    sdp: str
    ice_servers: list[dict[str, object]]
    """For the next connection; the present one has its own."""


class JoinService:
    """The door of the rooms."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        studies: StudyBook,
        consents: ConsentService,
        media: Media,
        relay: Relay,
        recipients: Recipients,
        key: bytes,
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._studies = studies
        self._consents = consents
        self._media = media
        self._relay = relay
        self._recipients = recipients
        self._key = key

    def visitor_of_team(self, room: Room, staff_id: int, name: str) -> Visitor:
        """A member at the door. The first to come is the interviewer, whoever follows helps."""
        with self._database.transaction() as session:
            row = session.get_one(RoomRow, room.id, with_for_update=True)
            if row.interviewer_id is None:
                row.interviewer_id = staff_id
            role = Role.INTERVIEWER if row.interviewer_id == staff_id else Role.CO_INTERVIEWER
        return Visitor(f"s{staff_id}", role, name, Actor.staff(staff_id))

    def ice_servers(self, person: str) -> list[dict[str, object]]:
        """For a browser that is about to connect."""
        return self._relay.ice_servers(person, self._clock())

    def recording_allowed(self, room: Room) -> bool:
        """Whether her consent allows to record."""
        return "recording" in self._consents.state(room.participant).effects

    def can_be_kept(self) -> bool:
        """Whether the team has a key that recordings can be encrypted to."""
        return bool(self._recipients())

    def join(self, room: Room, visitor: Visitor, offer: str) -> Answer:
        """Answer the browser's offer (SDP).

        Raises:
            NotConsented, NotOpen, RoomOver: nobody may come in.
            OfferRefused, RoomFull, MediaFull, MediaAway
        """
        now = self._clock()
        if room.hours.phase(now) is Phase.EARLY:
            raise NotOpen(room.hours.opens_at)
        if not room.is_open(now) and not room.may_return(now):
            raise RoomOver("the interview is over")
        state = self._consents.state(room.participant)
        if not state.stands or state.given is None:
            raise NotConsented("consent does not stand")
        terms = self._terms(room) if "recording" in state.effects else None
        ticket = Ticket(
            room=room.code, person=visitor.person, role=visitor.role, name=visitor.name,
            not_before=int(now.timestamp()), expires=int(now.timestamp()) + LIFETIME, nonce=new_nonce(),
            recording_consent=_consent_of(visitor, state.given.reference) if terms else None,
            recording=terms, may_share=visitor.role.runs_room, video=visitor.video,
            relay_only=self._studies.current().study.interview_room.relay_only,
        )  # fmt: skip
        try:
            sdp = self._media.join(room.code, issue(ticket, self._key), offer)
        except RoomEnded as error:
            self.note_ended(room)
            raise RoomOver("the interview is over") from error
        self._audit.note(
            events.JOINED, actor=visitor.actor, subject=room.subject, role=visitor.role.value,
            recording_allowed=ticket.recording_consent is not None,
        )  # fmt: skip
        return Answer(sdp, self.ice_servers(visitor.person))

    def note_ended(self, room: Room) -> None:
        """The room was ended for all: it opens to nobody any more."""
        with self._database.transaction() as session:
            row = session.get_one(RoomRow, room.id)
            row.ended_at = row.ended_at or self._clock()

    def _terms(self, room: Room) -> RecordingTerms | None:
        recipients = self._recipients()
        if not recipients:
            return None
        return RecordingTerms(
            id=self._recording_id(room), recipients=recipients, study=room.publication_hash,
            discard_on_withdrawal=False,
        )  # fmt: skip

    def _recording_id(self, room: Room) -> str:
        """The same for everybody in the room, and after every crash."""
        with self._database.transaction() as session:
            row = session.get_one(RoomRow, room.id, with_for_update=True)
            row.recording_id = row.recording_id or new_recording_id()
            return row.recording_id


def _consent_of(visitor: Visitor, reference: str) -> str | None:
    """Who agreed to be recorded: the participant by her consent, the team by doing this work. Guests did not."""
    if visitor.role is Role.PARTICIPANT:
        return reference
    return visitor.actor.key if visitor.role.runs_room else None
