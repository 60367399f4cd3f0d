"""The database: SQLite by default, PostgreSQL by its address; the same transactions on both."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from portal.db.errors import StorageUnavailable
from portal.db.keyring import Keyring
from portal.db.types import KEYRINGS

_BUSY_SECONDS = 10
_UNAVAILABLE = (OperationalError, InterfaceError, TimeoutError)


class Database:
    """One engine and the keyring that its sealed columns use. Thread-safe."""

    def __init__(self, url: str, keyring: Keyring) -> None:
        self.engine = _engine(url)
        self.keyring = keyring
        KEYRINGS[self.engine.dialect] = keyring
        self._writing = self.engine.execution_options(portal_begin="BEGIN IMMEDIATE")

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that writes: committed at the end of the block, rolled back whole if it raises.

        On SQLite the write lock is taken at once, so what is read inside cannot change before it is written.

        Raises:
            StorageUnavailable: the database is locked, full or gone; nothing was kept.
        """
        with _translated(), Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads; whatever it changes is rolled back."""
        with _translated(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    def check(self) -> None:
        """Ask the database something. Raises StorageUnavailable."""
        with self.reading() as session:
            session.execute(text("SELECT 1"))

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _UNAVAILABLE as error:
        raise StorageUnavailable(f"the database did not answer: {type(error).__name__}") from error


def _engine(url: str) -> Engine:
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True)


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    """FULL, because WAL with NORMAL may lose a committed consent when the power fails."""
    connection.isolation_level = None  # we begin transactions ourselves, see _begin_sqlite
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("portal_begin", "BEGIN"))
