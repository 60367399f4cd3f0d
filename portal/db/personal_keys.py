"""A participant's own keys: destroying one makes what it sealed unreadable, in every copy and backup there is.

The keys live in a small database of their own, apart from the data and its backups (docs/adr/0005). Each is random,
belongs to one participant and one kind of data, and is itself sealed under the keyring. A value sealed with one is
`number of the key (8 bytes) | nonce (12) | ciphertext and tag`, with its purpose as associated data.
"""

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    Column,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    String,
    Table,
    UniqueConstraint,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, ProgrammingError

from portal.db.connections import connect, writing
from portal.db.errors import KeyringError, StorageUnavailable
from portal.db.keyring import Keyring
from portal.db.kinds import DataKind

NUMBER_BYTES = 8
"""A sealed value starts with its key's number in so many bytes."""
_NONCE = 12
_PURPOSE = "db.personal_key"
_BLOCK = 512
"""Keys are fetched by so many neighbours at once, so that a long list costs few queries."""

_KEYS = Table(
    "personal_key",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("owner", String(40), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("sealed", LargeBinary, nullable=True),
    Column("destroyed_at", String(40), nullable=True),
    UniqueConstraint("owner", "kind", "generation"),
    sqlite_autoincrement=True,  # a number must never name two keys
)


@dataclass(frozen=True)
class Destroyed:
    """A key that is no more: its fingerprint (SHA-256, hex) is the proof of which one it was."""

    owner: str
    kind: DataKind
    fingerprint: str
    at: datetime


class PersonalKeys:
    """Makes, uses and destroys participants' keys. Thread-safe; several processes may share the database."""

    def __init__(self, url: str, keyring: Keyring) -> None:
        self._engine = connect(url)
        self._writing = writing(self._engine)
        self._keyring = keyring
        self._block = lru_cache(maxsize=256)(self._read_block)
        self._create()

    def seal(self, owner: str, kind: DataKind, purpose: str, plaintext: bytes) -> bytes:
        """Seal bytes with the owner's present key, made now if there is none. Raises StorageUnavailable."""
        number, key = self._present(owner, kind)
        nonce = os.urandom(_NONCE)
        return number.to_bytes(NUMBER_BYTES, "big") + nonce + AESGCM(key).encrypt(nonce, plaintext, purpose.encode())

    def open(self, purpose: str, sealed: bytes) -> bytes | None:
        """Open what `seal` made for the same purpose; None if its key was destroyed. Raises KeyringError."""
        if len(sealed) < NUMBER_BYTES + _NONCE + 16:
            raise KeyringError("a sealed value is too short to be whole")
        number = int.from_bytes(sealed[:NUMBER_BYTES], "big")
        key = self._known(number)
        if key is None:
            return None
        try:
            nonce, body = sealed[NUMBER_BYTES : NUMBER_BYTES + _NONCE], sealed[NUMBER_BYTES + _NONCE :]
            return AESGCM(key).decrypt(nonce, body, purpose.encode())
        except InvalidTag as error:
            raise KeyringError(f"a sealed value of {purpose} does not open: altered, or of another purpose") from error

    def destroy(self, owner: str, kind: DataKind, at: datetime) -> list[Destroyed]:
        """Destroy the owner's keys of the kind, for good; gives those that this call destroyed."""
        mine = _KEYS.c.owner == owner, _KEYS.c.kind == kind.value, _KEYS.c.sealed.is_not(None)
        with self._transaction() as connection:
            rows = connection.execute(select(_KEYS).where(*mine)).mappings().all()
            connection.execute(update(_KEYS).where(*mine).values(sealed=None, destroyed_at=at.isoformat()))
        self._block.cache_clear()
        self._forget_pages()
        return [Destroyed(owner, kind, row["fingerprint"], at) for row in rows]

    def open_all(self) -> int:
        """Open every key that there is, to prove that the keyring is theirs; gives how many. Raises KeyringError."""
        query = select(_KEYS.c.sealed).where(_KEYS.c.sealed.is_not(None))
        with self._reading() as connection:
            return sum(1 for sealed in connection.execute(query).scalars() if self._keyring.open(_PURPOSE, sealed))

    def numbers(self, owner: str, kind: DataKind) -> list[int]:
        """The numbers of all the owner's keys of the kind, destroyed ones too: what sealed values start with."""
        query = select(_KEYS.c.id).where(_KEYS.c.owner == owner, _KEYS.c.kind == kind.value)
        with self._reading() as connection:
            return list(connection.execute(query).scalars())

    def destroyed(self, owner: str | None = None) -> list[Destroyed]:
        """Every key that was destroyed, oldest first: what a restored backup must be cleaned of again.

        Args:
            owner: None for everybody's.
        """
        query = select(_KEYS).where(_KEYS.c.sealed.is_(None)).order_by(_KEYS.c.id)
        if owner is not None:
            query = query.where(_KEYS.c.owner == owner)
        with self._reading() as connection:
            return [_destroyed(row) for row in connection.execute(query).mappings()]

    def seal_anew(self) -> int:
        """Seal every key anew under the keyring's current key; gives their number. For `portal keys rotate`."""
        with self._transaction() as connection:
            rows = connection.execute(select(_KEYS.c.id, _KEYS.c.sealed).where(_KEYS.c.sealed.is_not(None))).all()
            for number, sealed in rows:
                value = self._keyring.seal(_PURPOSE, self._keyring.open(_PURPOSE, sealed))
                connection.execute(update(_KEYS).where(_KEYS.c.id == number).values(sealed=value))
        self._forget_pages()
        return len(rows)

    def dispose(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _present(self, owner: str, kind: DataKind) -> tuple[int, bytes]:
        newest = (
            select(_KEYS)
            .where(_KEYS.c.owner == owner, _KEYS.c.kind == kind.value)
            .order_by(_KEYS.c.generation.desc())
            .limit(1)
        )
        with self._reading() as connection:
            row = connection.execute(newest).mappings().one_or_none()
        if row is not None and row["sealed"] is not None:
            return row["id"], self._keyring.open(_PURPOSE, row["sealed"])
        return self._make(owner, kind, row["generation"] + 1 if row else 1)

    def _make(self, owner: str, kind: DataKind, generation: int) -> tuple[int, bytes]:
        key = secrets.token_bytes(32)
        values: dict[str, Any] = {
            "owner": owner, "kind": kind.value, "generation": generation,
            "fingerprint": hashlib.sha256(key).hexdigest(), "sealed": self._keyring.seal(_PURPOSE, key),
        }  # fmt: skip
        try:
            with self._transaction() as connection:
                number: int = connection.execute(insert(_KEYS).values(values).returning(_KEYS.c.id)).scalar_one()
        except IntegrityError:
            return self._present(owner, kind)  # another process was faster: its key is the one
        return number, key

    def _known(self, number: int) -> bytes | None:
        block = self._block(number // _BLOCK)
        if number not in block:
            self._block.cache_clear()  # made since the block was read
            block = self._block(number // _BLOCK)
        if number not in block:
            raise KeyringError(f"the personal key {number} is missing; restore it from the backup of the keys")
        return block[number]

    def _read_block(self, at: int) -> dict[int, bytes | None]:
        query = select(_KEYS.c.id, _KEYS.c.sealed).where(_KEYS.c.id.between(at * _BLOCK, at * _BLOCK + _BLOCK - 1))
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return {number: self._keyring.open(_PURPOSE, sealed) if sealed else None for number, sealed in rows}

    def _create(self) -> None:
        try:
            with self._transaction() as connection:
                _KEYS.metadata.create_all(connection)
        except (IntegrityError, ProgrammingError):  # two processes that start at once: the other one made it
            with self._reading() as connection:
                connection.execute(select(_KEYS.c.id).limit(1))

    def _forget_pages(self) -> None:
        """Overwrite what SQLite's write-ahead log still holds of a key."""
        if self._engine.dialect.name == "sqlite":
            with _translated(), self._engine.connect() as connection:
                connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with _translated(), self._writing.begin() as connection:
            if self._engine.dialect.name == "sqlite":
                connection.execute(text("PRAGMA secure_delete=ON"))
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _translated(), self._engine.connect() as connection:
            yield connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, TimeoutError) as error:
        raise StorageUnavailable(f"the personal keys did not answer: {type(error).__name__}") from error


def _destroyed(row: RowMapping) -> Destroyed:
    at = datetime.fromisoformat(row["destroyed_at"])
    return Destroyed(row["owner"], DataKind(row["kind"]), row["fingerprint"], at)
