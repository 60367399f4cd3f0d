"""Recordings: the vault, the catalogue and its duties."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.duties.loop import Duty
from portal.operations.domain import Finding, failing, ok
from portal.recordings.catalogue import Catalogue
from portal.recordings.comparing import Comparison
from portal.recordings.destroying import Destructions
from portal.recordings.errors import VaultError
from portal.recordings.places import Places
from portal.recordings.s3 import S3
from portal.recordings.service import RecordingService
from portal.recordings.vault import Files
from portal.rooms.errors import RoomUnknown
from portal.rooms.service import RoomService
from portal.settings import Settings, SettingsError


@dataclass(frozen=True)
class Recordings:
    """What was built.

    Attributes:
        is_destroyed: whether copies of a recording must go as well.
        examine: for the doctor: records without files, files without records, files that were altered.
    """

    registry: tuple[object, ...]
    is_destroyed: Callable[[str], bool]
    examine: Callable[[], Finding]


def build_recordings(
    settings: Settings, database: Database, clock: Clock, audit: AuditLog, rooms: RoomService
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
    registry = (Catalogue(database, clock, audit, places), comparison, destructions, service)
    return Recordings(registry, destructions.is_destroyed, lambda: _examine(service, comparison))


def recording_duties(catalogue: Catalogue, comparison: Comparison, destructions: Destructions) -> tuple[Duty, ...]:
    """What the worker does for recordings."""
    return (
        Duty("catalogue recordings", 5, catalogue.run),
        Duty("move recordings away", 60, catalogue.move),
        Duty("destroy recordings", 5, destructions.run),
        Duty("compare recordings with their records", 600, comparison.run),
    )


def _examine(recordings: RecordingService, comparison: Comparison) -> Finding:
    try:
        problems = [*recordings.problems(), *comparison.strangers()]
    except VaultError as error:
        return failing(
            "recordings", str(error), "See whether the service of PORTAL_VAULT_URL runs and its key is good."
        )
    if problems:
        return failing("recordings", "; ".join(problems[:5]), "Compare with a backup; see docs/recordings.md.")
    return ok("recordings", "Records and files agree.")


def _away(url: str) -> S3 | None:
    try:
        return S3(url) if url else None
    except ValueError as error:
        raise SettingsError(f"PORTAL_VAULT_URL: {error}") from error
