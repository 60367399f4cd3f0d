"""A copy of the whole database as of one moment, while it is in use; and back."""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, make_url

from portal.db.errors import SnapshotFailed

_DUMP = ".dump"
_FILE = ".sqlite3"


def take(database_url: str, folder: Path, name: str = "database") -> Path:
    """Copy the database into the folder (mode 0600) and give the file: `<name>.sqlite3` or `<name>.dump`.

    Raises:
        SnapshotFailed: with what to do.
    """
    address = make_url(database_url)
    if address.get_backend_name() == "sqlite":
        return _copy_sqlite(Path(str(address.database)), folder / f"{name}{_FILE}")
    target = _closed(folder / f"{name}{_DUMP}")
    _run(["pg_dump", "--format=custom", "--no-owner", "--file", str(target)], address)
    return target


def put_back(file: Path, database_url: str) -> None:
    """Fill an empty database from what `take` made. Raises SnapshotFailed."""
    address = make_url(database_url)
    if (address.get_backend_name() == "sqlite") != (file.suffix == _FILE):
        raise SnapshotFailed("the backup is of the other kind of database: set PORTAL_DATABASE_URL to fit it")
    if file.suffix == _FILE:
        target = Path(str(address.database))
        _copy_sqlite(file, target)
        _check_sqlite(target)
        return
    _run(["pg_restore", "--exit-on-error", "--single-transaction", "--no-owner"], address, file)


def _copy_sqlite(source: Path, target: Path) -> Path:
    _closed(target)
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
    except sqlite3.Error as error:
        raise SnapshotFailed(f"SQLite could not copy the database: {error}") from error
    return target


def _check_sqlite(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as opened:
            said = opened.execute("PRAGMA integrity_check(1)").fetchone()[0]
            loose = opened.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error as error:
        raise SnapshotFailed(f"the copy of the database is damaged: {error}") from error
    if said != "ok" or loose is not None:
        raise SnapshotFailed(
            f"the copy of the database is damaged: {said if loose is None else 'rows without parents'}"
        )


def _closed(path: Path) -> Path:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    return path


def _run(command: list[str], address: URL, file: Path | None = None) -> None:
    """Run PostgreSQL's own tool. The password goes by the environment, never by the list of processes."""
    environ = {**os.environ, **({"PGPASSWORD": address.password} if address.password else {})}
    where = address.set(drivername="postgresql")._replace(password=None).render_as_string(hide_password=False)
    arguments = [*command, "--dbname", where, *([str(file)] if file else [])]
    try:
        subprocess.run(arguments, env=environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # noqa: S603 - no shell, our own words
    except FileNotFoundError as error:
        raise SnapshotFailed(f"{command[0]} is missing: install the package postgresql-client") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        raise SnapshotFailed(f"{command[0]} failed: {said[-1] if said else error.returncode}") from error
