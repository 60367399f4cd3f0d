"""Make a backup that only the holders of the recovery key can open."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db import migrate, snapshot
from portal.db.engine import Database
from portal.operations import archive
from portal.operations.errors import BackupError, BackupRuns, NoRecipient
from portal.operations.events import BACKUP_MADE
from portal.operations.lock import alone
from portal.operations.mirror import Mirror
from portal.operations.sets import DATA, KEYS, MANIFEST, NAME, PERSONAL, VAULT, Manifest, facts_of, set_name, sets_in
from portal.operations.unfinished import sweep
from portal.recordings.age import Recipient
from portal.recordings.files import replace
from portal.settings import Settings

log = structlog.get_logger(__name__)
_ACTOR = Actor.system("backup")
WORK = ".backup-"
"""The folders in the instance that plain copies lie in for a moment start so."""
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
            NoRecipient, BackupRuns, BackupError, SnapshotFailed: with what to do.
        """
        keys = list(recipients) or list(self._recipients())
        if not keys:
            raise NoRecipient("there is no recovery key yet: make one with `portal keys recovery` and register it")
        name = set_name(self._clock())
        try:
            to.mkdir(parents=True, exist_ok=True, mode=0o700)
            with alone(self._settings.instance):
                self._sweep(to)
                manifest = self._write(name, to, keys)
        except OSError as error:
            raise BackupError(f"the backup folder {to} cannot be written: {error.strerror}") from error
        final = to / name
        size = sum(facts.bytes for facts in manifest.files.values())
        self._audit.note(
            BACKUP_MADE, actor=_ACTOR, subject=f"backup:{name}", name=name, manifest=manifest.hash, bytes=size
        )
        return Made(final, manifest, size)

    def nightly(self) -> int:
        """The duty: a set each night, and as many kept as the settings say. Gives how many were made."""
        to = self._settings.backup_to
        with suppress(BackupRuns), alone(self._settings.instance):
            self._sweep(to)
        if to is None or not self._due(to):
            return 0
        try:
            made = self.make(to)
        except BackupRuns:
            return 0  # somebody makes one by hand; whether this one is due is asked again soon
        log.info("backup made", name=made.folder.name, bytes=made.bytes)
        self.prune(to, self._settings.backup_keep)
        return 1

    def prune(self, to: Path, keep: int) -> list[str]:
        """Remove the oldest sets, all but `keep`. Gives their names.

        A set of a day to come was made while the clock was wrong, so it is older than those made since.
        """
        now = set_name(self._clock())
        old = sorted(sets_in(to), key=lambda one: (one.name <= now, one.name))[: -max(keep, 1)]
        for one in old:
            shutil.rmtree(one)
        return [one.name for one in old]

    def _due(self, to: Path) -> bool:
        """One set for each day (UTC). A folder that is not there yet is due."""
        now = set_name(self._clock())
        made = [one.name for one in sets_in(to) if one.name <= now] if to.is_dir() else []
        return max(made, default="")[:10] < now[:10]

    def _sweep(self, to: Path | None) -> None:
        """Remove what a backup or a restore that was killed left behind: plain copies of the database and of the
        personal keys would outlive what is erased."""
        drafts = [one for one in to.glob(".*") if NAME.fullmatch(one.name[1:])] if to and to.is_dir() else []
        for one in (*self._settings.instance.glob(f"{WORK}*"), *drafts):
            if one.is_dir():
                shutil.rmtree(one)
                log.warning("removed what a killed backup left", name=one.name)
        sweep(self._settings.instance)

    def _write(self, name: str, to: Path, keys: Sequence[Recipient]) -> Manifest:
        draft = to / f".{name}"
        draft.mkdir(mode=0o700)
        try:
            manifest = self._fill(draft, name, to, keys)
            draft.rename(to / name)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return manifest

    def _fill(self, draft: Path, name: str, to: Path, keys: Sequence[Recipient]) -> Manifest:
        trail = self._audit.head()
        with tempfile.TemporaryDirectory(prefix=WORK, dir=self._settings.instance) as work:
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
        """Overwrite the one copy of the personal keys: an old one would bring destroyed keys back.

        The older sets beside it need it too, so the recovery key opens it whoever this set is for.
        """
        everybody = {str(one): one for one in (*keys, *self._recipients())}
        files = {copy.name: copy} | {one.name: one for one in self._keys().values() if one.name == "data.json"}
        draft = to / f".{PERSONAL}"
        draft.unlink(missing_ok=True)
        archive.pack(files, draft, list(everybody.values()))
        draft.replace(to / PERSONAL)


def _personal(path: Path) -> bool:
    return path.name.startswith("personal.sqlite3")
