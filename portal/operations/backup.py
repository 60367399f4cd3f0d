"""Make a backup that only the holders of the recovery key can open."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db import migrate, snapshot
from portal.db.engine import Database
from portal.operations import archive
from portal.operations.errors import BackupError, NoRecipient
from portal.operations.events import BACKUP_MADE
from portal.operations.mirror import Mirror
from portal.operations.sets import DATA, KEYS, MANIFEST, PERSONAL, VAULT, Manifest, facts_of, set_name, sets_in
from portal.recordings.age import Recipient
from portal.recordings.files import replace
from portal.settings import Settings

log = structlog.get_logger(__name__)
_ACTOR = Actor.system("backup")
Recipients = Callable[[], Sequence[Recipient]]


@dataclass(frozen=True)
class Made:
    """A new backup set."""

    folder: Path
    manifest: Manifest
    bytes: int


class Backups:
    """Writes backup sets into a folder, which should lie on another disk or machine."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        recipients: Recipients,
        mirror: Mirror,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._audit = audit
        self._recipients = recipients
        self._mirror = mirror

    def make(self, to: Path, recipients: Sequence[Recipient] = ()) -> Made:
        """One set, whole or not at all.

        Args:
            recipients: public keys instead of the study's recovery key.

        Raises:
            NoRecipient, BackupError, SnapshotFailed: with what to do.
        """
        keys = list(recipients) or list(self._recipients())
        if not keys:
            raise NoRecipient("there is no recovery key yet: make one with `portal keys recovery` and register it")
        name = set_name(self._clock())
        draft, final = to / f".{name}", to / name
        try:
            to.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft.mkdir(mode=0o700)
            try:
                manifest = self._fill(draft, name, to, keys)
                draft.rename(final)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        except OSError as error:
            raise BackupError(f"the backup folder {to} cannot be written: {error.strerror}") from error
        size = sum(facts.bytes for facts in manifest.files.values())
        self._audit.note(
            BACKUP_MADE, actor=_ACTOR, subject=f"backup:{name}", name=name, manifest=manifest.hash, bytes=size
        )
        return Made(final, manifest, size)

    def nightly(self) -> int:
        """The duty: a set each night, and as many kept as the settings say. Gives how many were made."""
        to = self._settings.backup_to
        if to is None or not self._due(to):
            return 0
        made = self.make(to)
        log.info("backup made", name=made.folder.name, bytes=made.bytes)
        self.prune(to, self._settings.backup_keep)
        return 1

    def prune(self, to: Path, keep: int) -> list[str]:
        """Remove the oldest sets, all but `keep`. Gives their names."""
        old = sets_in(to)[: -max(keep, 1)]
        for one in old:
            shutil.rmtree(one)
        return [one.name for one in old]

    def _due(self, to: Path) -> bool:
        """One set for each day (UTC). A folder that is not there yet is due."""
        newest = sets_in(to)[-1].name if to.is_dir() and sets_in(to) else ""
        return newest[:10] < set_name(self._clock())[:10]

    def _fill(self, draft: Path, name: str, to: Path, keys: Sequence[Recipient]) -> Manifest:
        trail = self._audit.head()
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=self._settings.instance) as work:
            copy = snapshot.take(self._settings.effective_database_url, Path(work))
            rooms = sorted((self._settings.instance / "rooms").glob("*.jsonl"))
            data = {copy.name: copy} | {f"rooms/{one.name}": one for one in rooms}
            archive.pack(data, draft / DATA, keys)
            archive.pack(self._keys(), draft / KEYS, keys)
            personal = snapshot.take(self._settings.effective_personal_keys_url, Path(work), "personal")
            self._keep_personal(personal, to, keys)
        recordings = self._mirror.update(to / VAULT)
        manifest = Manifest(
            name=name, made_at=self._clock().isoformat(timespec="seconds"), database=self._database.engine.dialect.name,
            schema=str(migrate.present(self._database)), events=trail.seq, head=trail.hash,
            files={one: facts_of(draft / one) for one in (DATA, KEYS)}, recordings=recordings,
        )  # fmt: skip
        replace(draft / MANIFEST, manifest.to_json())
        return manifest

    def _keys(self) -> dict[str, Path]:
        folder = self._settings.instance / "keys"
        return {one.name: one for one in sorted(folder.iterdir()) if one.is_file() and not _personal(one)}

    def _keep_personal(self, copy: Path, to: Path, keys: Sequence[Recipient]) -> None:
        """Overwrite the one copy of the personal keys: an old one would bring destroyed keys back."""
        files = {copy.name: copy} | {one.name: one for one in self._keys().values() if one.name == "data.json"}
        draft = to / f".{PERSONAL}"
        draft.unlink(missing_ok=True)
        archive.pack(files, draft, keys)
        draft.replace(to / PERSONAL)


def _personal(path: Path) -> bool:
    return path.name.startswith("personal.sqlite3")
