"""Databases for tests: a file for SQLite, and a temporary PostgreSQL cluster from Debian's package."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, Engine, event


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise RuntimeError("PostgreSQL's package is missing: run the tests by `make test`, which installs it")
    return found[-1].parent


class Cluster:
    """A running cluster that only this test process can reach, by a socket in its own folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._bin = _binaries()
        # PostgreSQL refuses to run as root; its package brings a user of its own.
        self._as: list[str] = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
            self._as = ["runuser", "-u", "postgres", "--"]

    def start(self) -> None:
        data, options = (
            self.folder / "data",
            f"-c fsync=off -c max_connections=400 -c listen_addresses='' -k {self.folder}",
        )
        self._run("initdb", "-D", str(data), "-U", "portal", "-A", "trust", "-E", "UTF8", "--no-sync")
        self._run("pg_ctl", "-D", str(data), "-o", options, "-l", str(self.folder / "log"), "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def url(self, name: str) -> str:
        return f"postgresql://portal@/{name}?host={self.folder}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, str(self._bin / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/")


@pytest.fixture(autouse=True)
def closed_connections() -> Iterator[None]:
    """Whichever databases a test has used, no connection to them is left over: Python 3.13 warns of each, in whatever
    test its rubbish happens to be found. Who goes on with one opens another.
    """
    used: set[Engine] = set()

    def note(connection: Connection) -> None:
        used.add(connection.engine)

    event.listen(Engine, "engine_connect", note)
    yield
    event.remove(Engine, "engine_connect", note)
    for engine in used:
        engine.dispose()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with temporary_cluster() as made:
        yield made


@contextmanager
def temporary_cluster() -> Iterator[Cluster]:
    """A cluster that is gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="portal-pg-"))
    made = Cluster(folder)
    made.start()
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)
