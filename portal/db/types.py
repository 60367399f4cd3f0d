"""Column types: moments that are always aware, and values that are sealed before they reach the database."""

from collections.abc import MutableMapping
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from sqlalchemy import DateTime, Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

from portal.db.errors import KeyringError
from portal.db.keyring import Keyring

KEYRINGS: MutableMapping[Dialect, Keyring] = WeakKeyDictionary()
"""The keyring of each engine, by its dialect: what a column type gets to see of its engine."""


class UTCDateTime(TypeDecorator[datetime]):
    """A moment: aware going in and coming out, UTC in the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a zone; hand UTC on (SQLite keeps no zone)."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone must not be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment back in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EncryptedBytes(TypeDecorator[bytes]):
    """Bytes sealed with the engine's keyring. The purpose is bound to the value and must be unique to the column."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Seal."""
        return None if value is None else _keyring(dialect).seal(self.purpose, value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Open."""
        return None if value is None else _keyring(dialect).open(self.purpose, value)


class EncryptedText(TypeDecorator[str]):
    """Text sealed with the engine's keyring, as EncryptedBytes."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Seal."""
        return None if value is None else _keyring(dialect).seal(self.purpose, value.encode("utf-8"))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Open."""
        return None if value is None else _keyring(dialect).open(self.purpose, value).decode("utf-8")


def _keyring(dialect: Dialect) -> Keyring:
    try:
        return KEYRINGS[dialect]
    except KeyError:
        raise KeyringError("this database connection was opened without the data keys") from None
