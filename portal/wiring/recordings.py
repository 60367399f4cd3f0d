"""Recordings: the vault, the catalogue and its duties."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.duties.loop import RECORDINGS, Duty
from portal.operations.domain import Finding, failing, ok
from portal.people.domain import Participant
from portal.recordings.catalogue import Catalogue
from portal.recordings.comparing import Comparison
from portal.recordings.destroying import Destructions
from portal.recordings.domain import Recording
from portal.recordings.errors import RecordingUnknown, VaultError
from portal.recordings.keys.service import KeyService
from portal.recordings.places import Places
from portal.recordings.playback.service import Notes
from portal.recordings.requests.errors import RequestUnknown
from portal.recordings.requests.service import Requests
from portal.recordings.s3 import S3
from portal.recordings.service import RecordingService
from portal.recordings.store import RecordingRow
from portal.recordings.vault import Files
from portal.rooms.errors import RoomUnknown
from portal.rooms.service import RoomService
from portal.rooms.store import RoomRow
from portal.sentence import said
from portal.settings import Settings, SettingsError
from portal.web.permissions import SiteOf
from portal.workspace.domain import RecordingSource


@dataclass(frozen=True)
class Recordings:
    """What was built.

    Attributes:
        is_destroyed: whether copies of a recording must go as well.
        examine: for the doctor: records without files, files without records, files that were altered.
        sites: the site that a recording in an address belongs to, or a request about one.
    """

    registry: tuple[object, ...]
    is_destroyed: Callable[[str], bool]
    examine: Callable[[], Finding]
    sites: Mapping[str, SiteOf]


def build_recordings(
    settings: Settings, database: Database, clock: Clock, audit: AuditLog, rooms: RoomService, keys: KeyService
) -> Recordings:
    """Build the recordings' services. Raises SettingsError for a PORTAL_VAULT_URL that makes no sense."""

    def study_id_of(room: str) -> str | None:
        try:
            return rooms.room(room).participant.study_id
        except RoomUnknown:
            return None

    places = Places(Files(settings.instance / "vault"), _away(settings.vault_url))
    comparison = Comparison(database, clock, audit, places)
    destructions = Destructions(database, clock, audit, places)
    service = RecordingService(database, clock, audit, places, study_id_of)
    notes = Notes(database, clock, audit, service)
    requests = Requests(database, clock, audit, keys=keys, recordings=service, destructions=destructions)
    registry = (Catalogue(database, clock, audit, places), comparison, destructions, service, notes, requests)
    return Recordings(
        registry, destructions.is_destroyed, lambda: _examine(service, comparison), _sites(service, requests, rooms)
    )


def recording_duties(
    catalogue: Catalogue, comparison: Comparison, destructions: Destructions, notes: Notes
) -> tuple[Duty, ...]:
    """What the worker does for recordings."""
    return (
        Duty("catalogue recordings", 5, catalogue.run, RECORDINGS),
        Duty("move recordings away", 60, catalogue.move, RECORDINGS),
        Duty("destroy recordings", 5, destructions.run, RECORDINGS),
        Duty("remove notes on destroyed recordings", 60, notes.sweep, RECORDINGS),
        Duty("compare recordings with their records", 600, comparison.run, RECORDINGS),
    )


def recordings_of(database: Database) -> RecordingSource:
    """By the participant's rooms; two statements, however many recordings there are."""

    def of(person: Participant) -> list[Recording]:
        with database.reading() as session:
            return [row.as_recording() for row in session.scalars(_OF_PARTICIPANT, {"participant": person.id})]

    return of


_OF_PARTICIPANT = (
    select(RecordingRow)
    .join(RoomRow, RoomRow.code == RecordingRow.room)
    .where(RoomRow.participant_id == bindparam("participant"))
    .order_by(RecordingRow.opened_at.desc(), RecordingRow.id)
)


def _sites(service: RecordingService, requests: Requests, rooms: RoomService) -> Mapping[str, SiteOf]:
    def of_recording(recording: str) -> str | None:
        try:
            return rooms.room(service.recording(recording).room).participant.site
        except (RecordingUnknown, RoomUnknown):
            return None

    def of_request(number: str) -> str | None:
        try:
            return of_recording(requests.request(int(number)).recording)
        except RequestUnknown:
            return None

    return {"recording": of_recording, "recording_request": of_request}


def _examine(recordings: RecordingService, comparison: Comparison) -> Finding:
    try:
        problems = [*recordings.problems(), *comparison.strangers()]
    except VaultError as error:
        return failing(
            "recordings",
            said("%(why)s", why=error),
            said("See whether the service of PORTAL_VAULT_URL runs and its key is good."),
        )
    if problems:
        return failing(
            "recordings",
            said("%(problems)s", problems="; ".join(problems[:5])),
            said("Compare with a backup; see docs/recordings.md."),
        )
    return ok("recordings", said("Records and files agree."))


def _away(url: str) -> S3 | None:
    try:
        return S3(url) if url else None
    except ValueError as error:
        raise SettingsError(f"PORTAL_VAULT_URL: {error}") from error
