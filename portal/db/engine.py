"""The database: SQLite by default, PostgreSQL by its address; the same transactions on both."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from portal.db.connections import connect, writing
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
        self._writing = writing(self.engine)

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
        self.personal.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _UNAVAILABLE as error:
        raise StorageUnavailable(f"the database did not answer: {type(error).__name__}") from error
