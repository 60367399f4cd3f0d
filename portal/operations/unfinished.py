"""A restore leaves marks while it runs: a file in the instance, and one in each PostgreSQL database that it fills.

So one that was cut off is told from a portal in use. The portal does not start on it, and the next restore clears it
away first: plain keys and half a database are nobody's.
"""

import json
import shutil
from pathlib import Path

import structlog
from sqlalchemy import make_url

from portal.db import filling
from portal.operations.errors import RestoreCutOff
from portal.settings import Settings

log = structlog.get_logger(__name__)
WORK = ".restore-"
"""The folders in the instance that the backup's plain keys and data lie in for a moment start so."""
_MARK = ".restoring"
_PROVED = ".restored"
"""What the mark is called once all is there and proved, for as long as the databases' marks are taken away."""
_FILLED = ("keys", "rooms", "vault")


def refuse_unfinished(settings: Settings) -> None:
    """Raises RestoreCutOff where a restore did not come to its end: nothing there is proved."""
    _take_marks_away(settings)
    if (settings.instance / _MARK).exists() or any(filling.marked(url) for url in _databases(settings)):
        raise RestoreCutOff(
            f"a restore into {settings.instance} is under way or was cut off, and left keys and data there that nobody "
            "proved: run `portal restore` again, which clears them away first"
        )


def begin(settings: Settings) -> None:
    """Mark what is about to be filled. All of it is empty. The mark names SQLite's files that lie elsewhere."""
    mark = settings.instance / _MARK
    mark.touch(mode=0o600)
    mark.write_text(json.dumps([str(one) for one in _files_elsewhere(settings)]), encoding="utf-8")
    for url in _databases(settings):
        filling.mark(url)


def end(settings: Settings) -> None:
    """All is there, and proved. If it is cut off, the next start or restore takes away the marks that are left."""
    (settings.instance / _MARK).rename(settings.instance / _PROVED)
    _take_marks_away(settings)


def clear(settings: Settings) -> bool:
    """Remove what an unfinished restore put in; gives whether there was any. What bears no mark is left alone.

    Raises:
        OSError, SnapshotFailed: something could not be removed; it stays marked.
    """
    _take_marks_away(settings)
    found = sweep(settings.instance)
    for url in _databases(settings):
        if filling.marked(url):
            filling.empty(url)
            found = True
    mark = settings.instance / _MARK
    if not mark.exists():
        return found
    elsewhere = [Path(one) for one in json.loads(mark.read_text(encoding="utf-8") or "[]")]
    for path in (settings.instance / "portal.sqlite3", *elsewhere):
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    for name in _FILLED:
        if (settings.instance / name).exists():
            shutil.rmtree(settings.instance / name)
    mark.unlink()
    return True


def sweep(instance: Path) -> bool:
    """Remove the work folders of restores that were killed; gives whether there were any."""
    left = [one for one in instance.glob(f"{WORK}*") if one.is_dir()]
    for one in left:
        shutil.rmtree(one)
        log.warning("removed what a killed restore left", name=one.name)
    return bool(left)


def _take_marks_away(settings: Settings) -> None:
    """Where all was proved. Several processes that start at once may do it."""
    proved = settings.instance / _PROVED
    if proved.exists():
        for url in _databases(settings):
            filling.unmark(url)
        proved.unlink(missing_ok=True)


def _files_elsewhere(settings: Settings) -> list[Path]:
    """SQLite's files that the settings name, where they are not the instance's own."""
    urls = settings.database_url, settings.personal_keys_url
    return [Path(str(make_url(one).database)) for one in urls if one.startswith("sqlite")]


def _databases(settings: Settings) -> list[str]:
    """Those that are no files of the instance."""
    return [url for url in (settings.database_url, settings.personal_keys_url) if url.startswith("postgresql")]
