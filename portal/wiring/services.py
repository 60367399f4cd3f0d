"""Every service, built in order of need. A feature with much to build has a module beside this one."""

import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher
from asn1crypto.x509 import Certificate
from sqlalchemy.orm import Session

from portal.amendments.service import AmendmentService
from portal.audit.checkpoints import Checkpoints
from portal.audit.service import AuditLog
from portal.booking.duties import BookingDuties
from portal.booking.other_calendar import OtherCalendars
from portal.clock import Clock, now
from portal.consent.readings import Readings
from portal.consent.records import Records
from portal.consent.sealing import Sealing
from portal.consent.service import ConsentService
from portal.db import migrate
from portal.db.engine import Database
from portal.db.keyring import Keyring
from portal.db.personal_keys import PersonalKeys
from portal.demographics.service import DemographicsService
from portal.duties import failing, heartbeat
from portal.duties.loop import MESSAGES, RECEIPTS, UPKEEP, Duty, Outcomes, Worker
from portal.erasure.duty import ErasureDuty
from portal.erasure.retention import RetentionService
from portal.key_files import load_or_make
from portal.messages.arrivals import Arrivals
from portal.messages.failures import Failures
from portal.messages.senders import Sender
from portal.messages.service import Outbox
from portal.operations.alarms import Alarms
from portal.operations.backup import Backups
from portal.operations.unfinished import refuse_unfinished
from portal.people.domain import Participant
from portal.people.service import PeopleService
from portal.people.store import places
from portal.receipts import certificates
from portal.receipts.render import Renderer
from portal.receipts.seal import Sealer
from portal.receipts.service import ReceiptService
from portal.receipts.stamping import HttpTimeStamper, TimeService
from portal.receipts.verify import NotACertificate, read_certificates
from portal.recordings.catalogue import Catalogue
from portal.recordings.comparing import Comparison
from portal.recordings.destroying import Destructions
from portal.recordings.keys.service import KeyService
from portal.recordings.playback.service import Notes
from portal.rooms.catalogue import RoomCatalogue
from portal.rooms.closing import Closing
from portal.rooms.followups import FollowUps
from portal.rooms.stops import Stops
from portal.rooms.watch import ConsentWatch
from portal.settings import ROOT, Settings, SettingsError
from portal.study.errors import UnknownVersion
from portal.study.lint import without_errors
from portal.study.loader import load
from portal.study.places import Place
from portal.study.service import Occupied, StudyBook
from portal.web.branding import Branding, Help
from portal.web.limits import DatabaseStorage
from portal.web.permissions import SiteOf
from portal.web.principal import Principal
from portal.web.recent import Proofs
from portal.web.sessions import SessionStore
from portal.wiring.audit import audit_duties, build_checkpoints, checkpoint_key
from portal.wiring.booking import booking_duties, build_booking
from portal.wiring.enquiries import build_enquiries
from portal.wiring.erasure import erasure_sites
from portal.wiring.messages import build_messages, build_notices
from portal.wiring.operations import Parts, build_operations, copy_before_upgrade
from portal.wiring.recordings import build_recordings, recording_duties
from portal.wiring.rooms import Marked, build_rooms
from portal.wiring.rooms import duties as room_duties
from portal.wiring.rooms import sites as room_sites
from portal.wiring.team import build_team, principal, sites
from portal.wiring.workspace import workspace_services
from portal.workspace.reminding import Reminding

T = TypeVar("T")


@dataclass(frozen=True)
class Services:
    """Everything that the web application and the command line need."""

    registry: tuple[object, ...]
    session_key: str
    branding: Callable[[], Branding]
    principal: Callable[[str], Principal | None]
    sites: Mapping[str, SiteOf]
    health: Mapping[str, Callable[[], str]]
    beat: Callable[[], None]
    outcomes: Outcomes

    def get(self, kind: type[T]) -> T:
        """The one instance of the class. Raises LookupError."""
        for one in self.registry:
            if isinstance(one, kind):
                return one
        raise LookupError(kind.__name__)


def build(
    settings: Settings, *, clock: Clock = now, sender: Sender | None = None, hasher: PasswordHasher | None = None
) -> Services:
    """Open the database, bring it up to date, publish the study if none is, and build the services."""
    settings.instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = open_database(settings)
    audit = AuditLog(database, clock)
    studies = StudyBook(database, clock, _occupied(audit))
    _publish_first(studies, settings)
    messages = build_messages(settings, database, clock, audit, studies, sender)
    outbox = messages.outbox
    people = PeopleService(database, clock, audit, outbox, studies, demonstration=settings.demonstration)
    sessions = SessionStore(database, clock)
    team = build_team(settings, database, clock, audit, hasher or PasswordHasher(), sessions, outbox)
    receipts = _receipts(settings, database, clock, studies)
    readings = Readings(database, clock, audit)
    consents = ConsentService(database, clock, audit, studies, readings)
    key = checkpoint_key(settings, database)
    records = Records(database, studies, people, receipts, key.sign)
    notices = build_notices(clock, outbox, team, studies)
    sealing = Sealing(database, records, receipts, outbox, notices, clock)
    enquiries = build_enquiries(database, clock, audit, outbox, notices, people, consents)
    keys = KeyService(database, clock, audit, team.members)
    booking = build_booking(
        settings, database, clock, audit, studies, messages, consents, team.members, enquiries, Marked(database)
    )
    rooms = build_rooms(settings, database, clock, audit, studies, people, consents, booking[0], keys)
    demographics = DemographicsService(database, clock, audit, studies, _consented(consents))
    recordings = build_recordings(settings, database, clock, audit, rooms.rooms, keys)
    parts = Parts(settings, database, clock, studies, keys, rooms.media.healthy, rooms.relay, recordings.examine)
    operations = build_operations(parts, audit, notices, recordings.is_destroyed)
    amendments = AmendmentService(database, clock, audit, studies, consents.states)
    checkpoints = build_checkpoints(settings, database, clock, audit, receipts, outbox, key)
    made = Services(
        registry=(
            settings, database, studies, audit, people, *team.registry, receipts, readings, consents, records,
            sealing, notices, enquiries, *messages.registry, demographics, sessions, Proofs(clock), keys, checkpoints,
            amendments,
            *operations, *booking, *rooms.registry, *recordings.registry,
            FollowUps(database, clock, outbox, notices, rooms.stops),
        ),
        session_key=_session_key(settings),
        branding=lambda: _branding(studies, settings),
        principal=lambda key: principal(key, people, team, studies),
        sites={**sites(people, consents, messages.failures), **room_sites(rooms.rooms), **recordings.sites},
        health={
            "database": lambda: _asked(database),
            "study": lambda: _published(studies),
            "worker": lambda: heartbeat.state(database, clock),
            "media": rooms.media.healthy,
        },
        beat=lambda: heartbeat.beat(database, clock),
        outcomes=partial(failing.note, database, clock),
    )  # fmt: skip
    whole = replace(made, registry=(*made.registry, *workspace_services(made.get, clock)))
    return replace(whole, sites={**made.sites, **erasure_sites(whole.get(RetentionService))})


def worker(services: Services, *more: Duty) -> Worker:
    """The worker with all its duties, and more."""
    return Worker(
        (
            Duty("seal receipts", 1, services.get(Sealing).run, RECEIPTS),
            Duty("send messages", 1, services.get(Outbox).send_due, MESSAGES),
            *booking_duties(services.get(BookingDuties), services.get(OtherCalendars)),
            Duty("back up", 600, services.get(Backups).nightly, UPKEEP),
            Duty("look after the portal", 3600, services.get(Alarms).run, UPKEEP),
            *room_duties(
                services.get(ConsentWatch), services.get(Stops), services.get(Closing), services.get(RoomCatalogue)
            ),
            Duty("tell what waits", 600, services.get(Reminding).run),
            Duty("follow up interviews", 60, services.get(FollowUps).run),
            Duty("sweep failed messages", 3600, services.get(Failures).sweep),
            Duty("ask what became of messages", 600, services.get(Arrivals).run, MESSAGES),
            *audit_duties(services.get(Checkpoints)),
            *recording_duties(
                services.get(Catalogue), services.get(Comparison), services.get(Destructions), services.get(Notes)
            ),
            Duty("erase what is due", 30, services.get(ErasureDuty).run),
            Duty("sweep sessions", 600, services.get(SessionStore).sweep),
            Duty("sweep rate limits", 600, DatabaseStorage(database=services.get(Database)).sweep),
            *more,
        ),
        services.beat,
        services.outcomes,
    )


def open_database(settings: Settings) -> Database:
    """The database, its schema up to date. Raises RestoreCutOff where it is half a database."""
    refuse_unfinished(settings)
    keys = keyring(settings)
    database = Database(settings.effective_database_url, keys, personal_keys(settings, keys))
    url = settings.effective_database_url
    migrate.upgrade(database, before=lambda revision: copy_before_upgrade(url, settings.instance, revision))
    return database


def personal_keys(settings: Settings, keys: Keyring) -> PersonalKeys:
    """Participants' own keys, in a database of their own."""
    if not settings.personal_keys_url:
        path = settings.instance / "keys" / "personal.sqlite3"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    return PersonalKeys(settings.effective_personal_keys_url, keys)


def keyring(settings: Settings) -> Keyring:
    """The data keys: from the settings, or from a file made at first start."""
    if settings.data_keys:
        return Keyring.from_json(settings.data_keys)
    return Keyring.load_or_create(settings.instance / "keys" / "data.json")


def _session_key(settings: Settings) -> str:
    if settings.session_key:
        return settings.session_key
    path = settings.instance / "keys" / "session.key"
    return load_or_make(path, lambda: secrets.token_urlsafe(48).encode("ascii")).decode("ascii")


def _occupied(audit: AuditLog) -> Occupied:
    """Whoever invites takes a turn too, so between this question and the publication nobody is added."""

    def asked(session: Session) -> list[Place]:
        audit.take_turn(session)
        return places(session)

    return asked


def _publish_first(studies: StudyBook, settings: Settings) -> None:
    try:
        studies.current()
    except UnknownVersion:
        studies.publish(without_errors(load(settings.study)))


def _receipts(settings: Settings, database: Database, clock: Clock, studies: StudyBook) -> ReceiptService:
    renderer = Renderer(
        ROOT / "templates" / "receipts", ROOT / "portal" / "translations", f"{settings.public_url}/verify"
    )

    def open_key() -> certificates.SealingKey:
        if settings.seal_pkcs12:
            return certificates.load(settings.seal_pkcs12, settings.seal_passphrase)
        organisation = studies.current().study.sponsor.name
        return certificates.load_or_make(
            settings.instance / "keys", organisation=organisation, at=clock(), passphrase=settings.seal_passphrase
        )

    url = settings.timestamp_url
    times = TimeService(lambda: HttpTimeStamper(url), clock) if url else None
    return ReceiptService(database, clock, renderer, Sealer(open_key, clock, times, _time_roots(settings)))


def _time_roots(settings: Settings) -> Sequence[Certificate]:
    if settings.timestamp_roots is None:
        return ()
    try:
        return read_certificates(settings.timestamp_roots.read_bytes())
    except (OSError, NotACertificate) as error:
        raise SettingsError("PORTAL_TIMESTAMP_ROOTS must be a file with certificates in PEM") from error


def _consented(consents: ConsentService) -> Callable[[Participant], datetime | None]:
    def since(person: Participant) -> datetime | None:
        state = consents.state(person)
        return state.given.at if state.stands and state.given else None

    return since


def _branding(studies: StudyBook, settings: Settings) -> Branding:
    study = studies.current().study
    contact = study.contacts[0]
    return Branding(
        study_title=study.title, short_name=study.short_title, sponsor_name=study.sponsor.name,
        colour=study.sponsor.colour, logo=base64.b64decode(study.sponsor.logo),
        signposts=tuple(Help(one.name, one.about, one.phone, one.text, one.url) for one in study.signposts),
        contact_name=contact.name, contact_email=contact.email, contact_phone=contact.phone,
        draft=study.draft, demonstration=settings.demonstration,
    )  # fmt: skip


def _asked(database: Database) -> str:
    database.check()
    return "ok"


def _published(studies: StudyBook) -> str:
    try:
        studies.current()
    except UnknownVersion:
        return "failing: no study published"
    return "ok"
