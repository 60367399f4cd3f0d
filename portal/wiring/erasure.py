"""Erasing: what each feature removes besides what a participant's key seals."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import Delete

from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.consent.service import ConsentService
from portal.consent.store import CheckRow, DraftRow
from portal.db.engine import Database
from portal.db.kinds import DataKind
from portal.demographics.service import DemographicsService
from portal.erasure.domain import Outcome as Erased
from portal.erasure.domain import Remover
from portal.erasure.duty import ErasureDuty
from portal.erasure.errors import RequestUnknown
from portal.erasure.retention import RetentionService
from portal.erasure.service import ACTOR, ErasureService
from portal.erasure.store import ErasureRow
from portal.messages.service import Outbox
from portal.passkeys.service import PasskeyService
from portal.people.domain import Participant
from portal.people.store import ContactChoiceRow, IdentityRow, InvitationRow, SignInCodeRow
from portal.recordings.destroying import Destructions
from portal.recordings.store import RecordingRow
from portal.rooms.domain import Outcome
from portal.rooms.store import RoomOutcomeRow, RoomRow
from portal.study.service import StudyBook
from portal.web.permissions import SiteOf
from portal.web.scopes import Permission
from portal.web.sessions import SessionStore
from portal.wiring.lookup import Lookup
from portal.workspace.domain import ToDo, ToDoSource


@dataclass(frozen=True)
class Erasing:
    """What was built."""

    registry: tuple[object, ...]
    to_do: ToDoSource
    retention: RetentionService


def build_erasure(get: Lookup, clock: Clock) -> Erasing:
    """The services of erasing."""
    database, audit, studies = get(Database), get(AuditLog), get(StudyBook)
    recordings = Recordings(database, get(Destructions))
    removing = (
        *participant_rows(database),
        Remover("ways in", DataKind.CONTACT, ways_in(database, clock, get(SessionStore), get(PasskeyService))),
        Remover("messages", DataKind.CONTACT, lambda person: get(Outbox).forget(person.subject)),
        Remover("recordings", DataKind.RECORDINGS, recordings.order),
    )
    erasure = ErasureService(database, clock, audit, removing)
    retention = RetentionService(database, clock, audit, studies)

    def interviewed_at(participant_id: int) -> datetime | None:
        with database.reading() as session:
            return _last_interview(session, participant_id)

    def to_do(permissions: frozenset[str], sites: Collection[str] | None) -> Iterable[ToDo]:
        if Permission.ERASE in permissions:
            yield ToDo("erasure", retention.waiting(sites), "erasure.start", urgent=True)
            unconfirmed = [one for one in retention.milestones() if one.confirmed_by is None]
            yield ToDo("milestones", len(unconfirmed), "erasure.start")

    duty = ErasureDuty(database, clock, studies, erasure, retention, interviewed_at, recordings.order_late)
    get(ConsentService).hold_while(duty.waits)
    get(DemographicsService).hold_while(duty.waits)
    return Erasing((erasure, retention, duty), to_do, retention)


def erasure_sites(retention: RetentionService) -> Mapping[str, SiteOf]:
    """The site that a request in an address belongs to."""

    def of_request(number: str) -> str | None:
        try:
            return retention.request_of(int(number)).site
        except RequestUnknown:
            return None

    return {"erasure_request": of_request}


class Recordings:
    """A participant's recordings, by her rooms."""

    def __init__(self, database: Database, destructions: Destructions) -> None:
        self._database = database
        self._destructions = destructions

    def order(self, person: Participant) -> int:
        """Order that all be destroyed; a duty of the recordings' own does it and keeps the certificate."""
        query = select(RecordingRow.id).join(RoomRow, RoomRow.code == RecordingRow.room)
        mine = RoomRow.participant_id == person.id, RecordingRow.destruction_ordered_at.is_(None)
        with self._database.reading() as session:
            found = session.scalars(query.where(*mine)).all()
        return self._order(found)

    def order_late(self) -> int:
        """Those that were catalogued only after their participant's recordings had been erased."""
        query = (
            select(RecordingRow.id)
            .join(RoomRow, RoomRow.code == RecordingRow.room)
            .join(ErasureRow, ErasureRow.participant_id == RoomRow.participant_id)
            .where(
                ErasureRow.kind == DataKind.RECORDINGS, ErasureRow.outcome == Erased.ERASED,
                RecordingRow.opened_at <= ErasureRow.at, RecordingRow.destruction_ordered_at.is_(None),
            )
            .distinct()
        )  # fmt: skip
        with self._database.reading() as session:
            found = session.scalars(query).all()
        return self._order(found)

    def _order(self, recordings: Sequence[str]) -> int:
        for one in recordings:
            self._destructions.order(one, "erasure", actor=ACTOR, approved_by=ACTOR.key)
        return len(recordings)


def participant_rows(database: Database) -> tuple[Remover, ...]:
    """Rows that say something of a person without being sealed with her key."""

    def rows(what: str, kind: DataKind, *statements: Delete) -> Remover:
        def remove(person: Participant) -> int:
            with database.transaction() as session:
                return sum(_done(session, one, person) for one in statements)

        return Remover(what, kind, remove)

    return (
        rows("comprehension_check", DataKind.ANSWERS, delete(CheckRow)),
        rows("consent_draft", DataKind.ANSWERS, delete(DraftRow)),
        rows("contact", DataKind.CONTACT, delete(IdentityRow), delete(SignInCodeRow), delete(ContactChoiceRow)),
    )


def ways_in(
    database: Database, clock: Clock, sessions: SessionStore, passkeys: PasskeyService
) -> Callable[[Participant], int]:
    """Ends her sessions, forgets her passkeys, and shuts the links that were not opened yet."""

    def end(person: Participant) -> int:
        key = f"participant:{person.id}"
        sessions.end_all(key)
        with database.transaction() as session:
            passkeys.forget_all(session, key)
            open_links = InvitationRow.participant_id == person.id, InvitationRow.replaced_at.is_(None)
            session.execute(update(InvitationRow).where(*open_links).values(replaced_at=clock()))
        return 0

    return end


def _done(session: Session, statement: Delete, person: Participant) -> int:
    hers = statement.table.c.participant_id == person.id
    return session.connection().execute(statement.where(hers)).rowcount


def _last_interview(session: Session, participant_id: int) -> datetime | None:
    query = (
        select(func.max(RoomRow.starts_at))
        .join(RoomOutcomeRow, RoomOutcomeRow.room_id == RoomRow.id)
        .where(RoomRow.participant_id == participant_id, RoomOutcomeRow.outcome != Outcome.NOT_ATTENDED)
    )
    return session.execute(query).scalar_one_or_none()
