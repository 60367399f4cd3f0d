"""The database: SQLite by default, PostgreSQL by its address; the same transactions on both."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from portal.db.connections import connect, reading, writing
from portal.db.errors import StorageUnavailable
from portal.db.keyring import Keyring
from portal.db.personal import PERSONAL_KEYS
from portal.db.personal_keys import PersonalKeys
from portal.db.types import KEYRINGS

_UNAVAILABLE = (OperationalError, InterfaceError, TimeoutError)


class Database:
    """One engine, the keyring that its sealed columns use, and participants' own keys. Thread-safe."""

    def __init__(self, url: str, keyring: Keyring, personal: PersonalKeys) -> None:
        self.engine = connect(url)
        self.keyring = keyring
        self.personal = personal
        KEYRINGS[self.engine.dialect] = keyring
        PERSONAL_KEYS[self.engine.dialect] = personal
        self._reading, self._writing = reading(self.engine), writing(self.engine)
        self._thread = _Thread()

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
        """A session that only reads; on PostgreSQL to change something raises, on SQLite it is rolled back."""
        with _translated(), self._readable() as bind, Session(bind, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let this thread's readings inside share a connection, since on PostgreSQL each would go there and back four
        times: is it alive, begin, the question, the end.

        Nothing else changes: each statement sees what is committed by then, and what is written has a connection of
        its own. SQLite, where a shared transaction would hide what was committed since, is left as it is. Once a
        statement fails, so does every later one inside: let the error leave the block.

        Raises:
            StorageUnavailable: the database is gone.
        """
        with _translated(), self._readable() as bind:
            outer, self._thread.shared = self._thread.shared, bind
            try:
                yield
            finally:
                self._thread.shared = outer

    @contextmanager
    def _readable(self) -> Iterator[Engine | Connection]:
        """What to read from. PostgreSQL's readings end with a commit, since after a rollback the driver forgets every
        statement that it had prepared; that they are read-only makes sure that there is nothing to commit."""
        if self._thread.shared is not None or self.engine.dialect.name == "sqlite":
            yield self._thread.shared or self.engine
            return
        with self._reading.connect() as connection, connection.begin():
            yield connection

    def check(self) -> None:
        """Ask the database something. Raises StorageUnavailable."""
        with self.reading() as session:
            session.execute(text("SELECT 1"))

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        self.personal.dispose()


class _Thread(threading.local):
    """What a thread's readings share at present."""

    shared: Engine | Connection | None = None


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _UNAVAILABLE as error:
        raise StorageUnavailable(f"the database did not answer: {type(error).__name__}") from error
