"""The database: SQLite by default, PostgreSQL by its address; the same transactions on both."""

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from portal.db.connections import connect, reading, viewing, writing
from portal.db.errors import StorageUnavailable
from portal.db.keyring import Keyring
from portal.db.personal import PERSONAL_KEYS
from portal.db.personal_keys import PersonalKeys
from portal.db.types import KEYRINGS
from portal.db.view import View

_UNAVAILABLE = (OperationalError, InterfaceError, TimeoutError)
T = TypeVar("T")


class Database:
    """One engine, the keyring that its sealed columns use, and participants' own keys. Thread-safe."""

    def __init__(self, url: str, keyring: Keyring, personal: PersonalKeys) -> None:
        self.engine = connect(url)
        self.keyring = keyring
        self.personal = personal
        KEYRINGS[self.engine.dialect] = keyring
        PERSONAL_KEYS[self.engine.dialect] = personal
        self._reading, self._writing = reading(self.engine), writing(self.engine)
        self._viewing = viewing(self.engine)
        self._thread = _Thread()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that writes: committed at the end of the block, rolled back whole if it raises.

        On SQLite the write lock is taken at once, so what is read inside cannot change before it is written.

        Raises:
            StorageUnavailable: the database is locked, full or gone; nothing was kept.
        """
        with _translated(), self._aside(), Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads; on PostgreSQL to change something raises, on SQLite it is rolled back."""
        with _translated(), self._readable() as bind, Session(bind, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def one_view(self) -> Iterator[None]:
        """Let all that this thread reads inside be as of the moment of the first reading, and cost one connection.

        What is written inside has a connection of its own; readings during and after it see what is committed by then.
        Other threads notice nothing. A view inside a view is the same view.

        Raises:
            StorageUnavailable: the database is gone.
        """
        if self._thread.view is not None:
            yield
            return
        view = self._thread.view = View(self._viewing)
        try:
            yield
        finally:
            self._thread.view = None
            with _translated():
                view.renew()

    def once(self, key: Hashable, ask: Callable[[], T]) -> T:
        """The answer to a question that one page asks again and again: inside `one_view` it is asked once.

        Args:
            key: names the question and all that it depends on.
            ask: reads from this database and nothing else, and gives what nobody changes.
        """
        view = self._view
        if view is None:
            return ask()
        with _translated():
            return view.once(key, ask)

    @property
    def _view(self) -> View | None:
        view = self._thread.view
        return None if view is None or view.paused else view

    @contextmanager
    def _aside(self) -> Iterator[None]:
        with nullcontext() if self._thread.view is None else self._thread.view.pause():
            yield

    @contextmanager
    def _readable(self) -> Iterator[Engine | Connection]:
        """What to read from. PostgreSQL's readings end with a commit, for the reason that `portal.db.view` tells."""
        if self._view is not None:
            with self._view.connection() as connection:
                yield connection
        elif self.engine.dialect.name == "sqlite":
            yield self.engine
        else:
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

    view: View | None = None


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _UNAVAILABLE as error:
        raise StorageUnavailable(f"the database did not answer: {type(error).__name__}") from error
