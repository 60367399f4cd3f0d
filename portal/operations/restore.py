"""Put a backup back into an empty instance, and prove that it is whole."""

import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import structlog

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db import filling, migrate, snapshot
from portal.db.engine import Database
from portal.db.errors import SnapshotFailed
from portal.db.keyring import Keyring
from portal.db.personal_keys import PersonalKeys
from portal.operations import archive, unfinished
from portal.operations.errors import BackupDamaged, BackupError, InstanceInUse
from portal.operations.events import RESTORED
from portal.operations.lock import alone
from portal.operations.mirror import Mirror
from portal.operations.sets import DATA, KEYS, PERSONAL, VAULT, Manifest, check
from portal.recordings.age import Identity
from portal.settings import Settings

log = structlog.get_logger(__name__)
_ACTOR = Actor.system("restore")


@dataclass(frozen=True)
class Restored:
    """What came back."""

    manifest: Manifest
    events: int
    recordings: int


def restore(source: Path, identities: Collection[Identity], settings: Settings, clock: Clock) -> Restored:
    """Put the set back where the settings point to.

    Everything is checked before the instance is touched as far as that is possible: hashes, the key, the tar files,
    the database's own integrity. The audit chain is recomputed at the end and compared with the manifest.

    Whole or not at all: what a restore that fails had put in is removed again, from PostgreSQL too; what one that was
    killed left is removed by the next.

    Raises:
        InstanceInUse, BackupForeign, BackupDamaged, BackupError, SnapshotFailed, KeyringError: with what to do.
    """
    manifest = Manifest.read(source)
    check(source, manifest)
    settings.instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    with alone(settings.instance):
        if unfinished.clear(settings):
            log.warning("cleared away what a restore that was cut off had left")
        _refuse_used(settings)
        try:
            unfinished.begin(settings)
            found = _put_back(source, manifest, identities, settings, clock)
        except BaseException as error:
            _clear(settings, error)
            raise
        unfinished.end(settings)  # proved: from here on nothing of it is removed
    return found


def _clear(settings: Settings, fault: BaseException) -> None:
    """All was empty before: the next try finds it so again. Says with the fault what became of it."""
    try:
        unfinished.clear(settings)
    except (OSError, SnapshotFailed) as error:
        fault.add_note(f"What was put back so far could not be removed ({error}). The next restore removes it first.")
    else:
        fault.add_note("What was put back so far was removed: instance and database are as empty as before.")


def _put_back(
    source: Path, manifest: Manifest, identities: Collection[Identity], settings: Settings, clock: Clock
) -> Restored:
    with tempfile.TemporaryDirectory(prefix=unfinished.WORK, dir=settings.instance) as work:
        data, keys, personal = (Path(work) / name for name in ("data", "keys", "personal"))
        for folder in (data, keys, personal):
            folder.mkdir(mode=0o700)
        archive.unpack(source / DATA, data, identities)
        archive.unpack(source / KEYS, keys, identities)
        archive.unpack(source.parent / PERSONAL, personal, identities)
        _check_data_keys(keys, settings)
        _put_keys(keys, personal, settings)
        _put_data(data, personal, settings)
    events = _prove(manifest, settings, clock)
    recordings = _put_vault(source.parent / VAULT, settings)
    return Restored(manifest, events, recordings)


def _refuse_used(settings: Settings) -> None:
    for name in ("keys", "portal.sqlite3", "vault"):
        if (settings.instance / name).exists():
            raise InstanceInUse(f"{settings.instance} is in use ({name} is there): choose an empty PORTAL_INSTANCE")
    for url in (settings.database_url, settings.personal_keys_url):
        if url and filling.in_use(url):
            raise InstanceInUse("the database is in use: create an empty one and set its address")


def _check_data_keys(keys: Path, settings: Settings) -> None:
    """Data keys that are set must be this portal's; without any, the set must hold them: else nothing sealed opens."""
    kept = keys / "data.json"
    if settings.data_keys and kept.exists():
        Keyring.from_json(settings.data_keys).joined(Keyring.from_json(kept.read_text(encoding="ascii")))
    elif not settings.data_keys and not kept.exists():
        raise BackupError("the data keys of this portal were kept outside its instance: set PORTAL_DATA_KEYS to them")


def _put_keys(keys: Path, personal: Path, settings: Settings) -> None:
    """The set's keys, and of the data keys also those that have come since: the personal keys are sealed with them."""
    target = settings.instance / "keys"
    shutil.copytree(keys, target)
    target.chmod(0o700)
    old, new = keys / "data.json", personal / "data.json"
    if old.exists() and new.exists():
        both = Keyring.from_json(old.read_text()).joined(Keyring.from_json(new.read_text()))
        path = target / "data.json"
        path.write_text(both.to_json(), encoding="ascii")
        path.chmod(0o600)


def _put_data(data: Path, personal: Path, settings: Settings) -> None:
    snapshot.put_back(_database_in(personal), settings.effective_personal_keys_url)
    snapshot.put_back(_database_in(data), settings.effective_database_url)
    rooms = data / "rooms"
    if rooms.is_dir():
        shutil.copytree(rooms, settings.instance / "rooms")


def _database_in(folder: Path) -> Path:
    found = [path for path in folder.iterdir() if path.suffix in (".sqlite3", ".dump")]
    if len(found) != 1:
        raise BackupDamaged("the backup holds no copy of the database, or several")
    return found[0]


def _prove(manifest: Manifest, settings: Settings, clock: Clock) -> int:
    keys = _keyring(settings)
    personal = PersonalKeys(settings.effective_personal_keys_url, keys)
    database = Database(settings.effective_database_url, keys, personal)
    try:
        personal.open_all()
        audit = AuditLog(database, clock)
        verdict = audit.verify({manifest.events: manifest.head} if manifest.events else None)
        if verdict.problem:
            raise BackupDamaged(f"the audit chain in the backup does not hold: {verdict.problem}")
        migrate.upgrade(database)
        audit.note(
            RESTORED, actor=_ACTOR, subject=f"backup:{manifest.name}", name=manifest.name, manifest=manifest.hash
        )
        return verdict.events
    finally:
        database.dispose()


def _keyring(settings: Settings) -> Keyring:
    if settings.data_keys:
        return Keyring.from_json(settings.data_keys)
    return Keyring.from_json((settings.instance / "keys" / "data.json").read_text(encoding="ascii"))


def _put_vault(source: Path, settings: Settings) -> int:
    if not source.is_dir():
        return 0
    return Mirror(settings.instance / "vault", lambda _recording: False).put_back(source)
