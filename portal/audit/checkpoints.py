"""Sign how long the chain is and where it ends, keep the notes, and send them off the machine.

Who owns the machine could rewrite the chain as a whole and sign it anew. A note that lies elsewhere, such as on a
receipt that a participant keeps or in a folder of another machine, then tells.
"""

import base64
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.chain import Checkpoint, NotAnExtract, Verdict, key_id, note_body, read_note, write_key
from portal.audit.service import AuditLog
from portal.audit.store import AuditCheck, AuditCheckpoint
from portal.clock import Clock
from portal.db.engine import Database
from portal.key_files import load_or_make

Announce = Callable[[Session, str, str], None]
"""Promises to send a note (its text) in the session's transaction, once for each occasion (a key)."""
_EVERY = timedelta(hours=1)


class CheckpointKey:
    """The Ed25519 key that signs checkpoints. Its name tells whose trail it is, such as "study.example.org/audit"."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self.name = name
        self._key = key
        public = key.public_key().public_bytes_raw()
        self.public = write_key(name, public)
        self._id = key_id(name, public)

    @classmethod
    def load_or_make(cls, path: Path, name: str) -> "CheckpointKey":
        """The key in the file (PEM, mode 0600), made if there is none."""
        key = load_pem_private_key(load_or_make(path, _new_key), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{path} holds no Ed25519 key")
        return cls(name, key)

    def sign(self, size: int, head: str) -> str:
        """The signed note. The same chain gives the same note."""
        body = note_body(Checkpoint(self.name, size, head))
        signature = base64.b64encode(self._id + self._key.sign(body.encode())).decode()
        return f"{body}\n\u2014 {self.name} {signature}\n"


def oldest_name(database: Database) -> str | None:
    """The name that the key had when the first note was signed; None before that."""
    with database.reading() as session:
        note = session.scalars(select(AuditCheckpoint.note).order_by(AuditCheckpoint.seq).limit(1)).one_or_none()
    return note.partition("\n")[0] if note is not None else None


class Checkpoints:
    """The notes, and the checks of the whole chain."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        log: AuditLog,
        key: CheckpointKey,
        receipts: Callable[[], Mapping[int, str]],
        *,
        folder: Path | None,
        announce: Announce | None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._log = log
        self._receipts = receipts
        self._folder = folder
        self._announce = announce
        self.key = key

    def newest(self) -> AuditCheckpoint | None:
        """The last note, or None before the first."""
        with self._database.reading() as session:
            return session.scalars(select(AuditCheckpoint).order_by(AuditCheckpoint.seq.desc()).limit(1)).one_or_none()

    def make(self, *, at_once: bool = False) -> int:
        """Sign the head if an hour has passed since the last note (or at once); gives how many notes were made."""
        last, head = self.newest(), self._log.head()
        if head.seq == (last.seq if last else 0) or (last and not at_once and self._now() - last.at < _EVERY):
            return 0
        with self._database.transaction() as session:
            if session.get(AuditCheckpoint, head.seq) is not None:
                return 0  # another worker was first
            note = self.key.sign(head.seq, head.hash)
            session.add(AuditCheckpoint(seq=head.seq, at=self._now(), note=note))
            if self._announce is not None:
                self._announce(session, f"audit-checkpoint:{self._now().date().isoformat()}", note)
        return 1

    def send(self) -> int:
        """Write the notes that are not there yet into the folder off the machine; gives how many were."""
        if self._folder is None:
            return 0
        sent = 0
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._database.reading() as session:
            notes = session.execute(select(AuditCheckpoint.seq, AuditCheckpoint.note)).all()
        for seq, note in notes:
            path = self._folder / f"checkpoint-{seq:010}.txt"
            if not path.exists():
                _write(path, note)
                sent += 1
        return sent

    def anchors(self, more: Iterable[str] = ()) -> dict[int, str]:
        """What the receipts, the notes kept here, those off the machine and those given say of the chain.

        Raises:
            NotAnExtract: a note is not signed by our key, or two of them differ.
        """
        with self._database.reading() as session:
            notes = [*session.scalars(select(AuditCheckpoint.note)), *more]
        if self._folder is not None and self._folder.is_dir():
            notes += [path.read_text(encoding="utf-8") for path in sorted(self._folder.glob("checkpoint-*.txt"))]
        found = dict(self._receipts())
        for checkpoint in (read_note(note, self.key.public) for note in notes):
            if found.setdefault(checkpoint.size, checkpoint.head) != checkpoint.head:
                raise NotAnExtract(f"two notes differ on event {checkpoint.size}: the trail was forked")
        return found

    def check(self, more: Iterable[str] = ()) -> Verdict:
        """Recompute the whole chain, hold it against every anchor, and keep what was found."""
        try:
            verdict = self._log.verify(self.anchors(more))
        except NotAnExtract as error:
            head = self._log.head()
            verdict = Verdict(head.seq, head.hash, str(error))
        with self._database.transaction() as session:
            session.add(AuditCheck(at=self._now(), events=verdict.events, head=verdict.head, problem=verdict.problem))
        return verdict

    def last_check(self) -> AuditCheck | None:
        """What the last check of the whole chain found."""
        with self._database.reading() as session:
            return session.scalars(select(AuditCheck).order_by(AuditCheck.id.desc()).limit(1)).one_or_none()

    def check_daily(self) -> int:
        """Check the whole chain once a day, or at once after a check that found something."""
        last = self.last_check()
        if last is not None and self._now() - last.at < timedelta(days=1):
            return 0
        self.check()
        return 1

    def _now(self) -> datetime:
        return self._clock()


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and on the disk when this returns."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with draft.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
