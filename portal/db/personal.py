"""Column types for what belongs to one participant: sealed with her own key, and gone when that key is destroyed.

A value says whose it is: `personal("C-0001", "text")`. A value whose key was destroyed reads as empty.
"""

from collections.abc import MutableMapping
from typing import Self
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

from portal.db.errors import KeyringError
from portal.db.kinds import DataKind
from portal.db.personal_keys import PersonalKeys

PERSONAL_KEYS: MutableMapping[Dialect, PersonalKeys] = WeakKeyDictionary()
"""The personal keys of each engine, by its dialect: what a column type gets to see of its engine."""


class OwnedText(str):
    """Text with its owner."""

    __slots__ = ("owner",)
    owner: str

    def __new__(cls, owner: str, text: str) -> Self:
        """`owner` is a study ID."""
        made = super().__new__(cls, text)
        made.owner = owner
        return made


class OwnedBytes(bytes):
    """Bytes with their owner."""

    owner: str

    def __new__(cls, owner: str, value: bytes) -> Self:
        """`owner` is a study ID."""
        made = super().__new__(cls, value)
        made.owner = owner
        return made


def personal(owner: str, text: str) -> OwnedText:
    """The text as the owner's (a study ID)."""
    return OwnedText(owner, text)


class PersonalText(TypeDecorator[str]):
    """Text sealed with its owner's key of the kind. Takes only `OwnedText`; gives "" once the key is destroyed."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, purpose: str, kind: DataKind) -> None:
        super().__init__()
        self.purpose = purpose
        self.kind = kind

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Seal."""
        if value is None:
            return None
        if not isinstance(value, OwnedText):
            raise KeyringError(f"{self.purpose}: say whose text it is, as in personal(study_id, text)")
        return _keys(dialect).seal(value.owner, self.kind, self.purpose, value.encode("utf-8"))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Open."""
        return None if value is None else _open(dialect, self.purpose, value).decode("utf-8")


class PersonalBytes(TypeDecorator[bytes]):
    """Bytes, as PersonalText."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, purpose: str, kind: DataKind) -> None:
        super().__init__()
        self.purpose = purpose
        self.kind = kind

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Seal."""
        if value is None:
            return None
        if not isinstance(value, OwnedBytes):
            raise KeyringError(f"{self.purpose}: say whose bytes they are")
        return _keys(dialect).seal(value.owner, self.kind, self.purpose, value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Open."""
        return None if value is None else _open(dialect, self.purpose, value)


def _open(dialect: Dialect, purpose: str, value: bytes) -> bytes:
    return (_keys(dialect).open(purpose, value) or b"") if value else b""


def _keys(dialect: Dialect) -> PersonalKeys:
    try:
        return PERSONAL_KEYS[dialect]
    except KeyError:
        raise KeyringError("this database connection was opened without the personal keys") from None
