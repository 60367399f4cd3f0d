"""Destroying recordings: ordered by people, carried out by a duty, certified by facts that stay."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.each import each
from portal.recordings import events
from portal.recordings.comparing import WORKER
from portal.recordings.places import Places
from portal.recordings.store import RecordingRow, row_of


@dataclass(frozen=True)
class Destruction:
    """What a certificate of destruction says."""

    recording: str
    ordered_at: datetime
    destroyed_at: datetime
    files: int
    bytes: int
    head: str
    """Hash of the manifest's last line: names exactly what was destroyed."""


class Destructions:
    """Orders and their execution. Who has to approve an order is for the callers."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, places: Places) -> None:
        self._database, self._clock, self._audit, self._places = database, clock, audit, places

    def order(self, recording: str, why: str, *, actor: Actor, approved_by: str) -> None:
        """Have a recording destroyed. From now on nobody can read it; a duty destroys what is there.

        Args:
            why: such as "withdrawal" or "retention".
            approved_by: the second person, as an actor's key.

        Raises:
            RecordingUnknown. A second order changes nothing.
        """
        with self._database.transaction() as session:
            row = row_of(session, recording)
            if row.destruction_ordered_at is None:
                row.destruction_ordered_at = self._clock()
                self._audit.record(
                    session, events.DESTRUCTION_ORDERED, actor=actor, subject=f"recording:{recording}", why=why,
                    approved_by=approved_by,
                )  # fmt: skip

    def run(self) -> int:
        """Duty: destroy what was ordered to be destroyed: what unlocks it first, then the rest. Gives how many."""
        ordered = RecordingRow.destruction_ordered_at.is_not(None), RecordingRow.destroyed_at.is_(None)
        with self._database.reading() as session:
            names = list(session.scalars(select(RecordingRow.id).where(*ordered)))
        return each(names, self._destroy)

    def certificate(self, recording: str) -> Destruction | None:
        """What the certificate says, or None while the recording is not destroyed. Raises RecordingUnknown."""
        with self._database.reading() as session:
            row = row_of(session, recording)
            if row.destroyed_at is None or row.destruction_ordered_at is None:
                return None
            files = [one for track in row.as_recording().tracks for one in track.encrypted_files]
            total = sum(track.bytes for track in row.tracks)
            return Destruction(recording, row.destruction_ordered_at, row.destroyed_at, len(files), total, row.head)

    def is_destroyed(self, recording: str) -> bool:
        """Whether copies of it must go as well."""
        with self._database.reading() as session:
            row = session.get(RecordingRow, recording)
            return row is not None and row.destruction_ordered_at is not None

    def _destroy(self, recording: str) -> int:
        self._places.destroy(recording)
        self._destroyed(recording)
        return 1

    def _destroyed(self, recording: str) -> None:
        with self._database.transaction() as session:
            row = row_of(session, recording)
            if row.destroyed_at is None:
                row.destroyed_at, row.problems = self._clock(), []
                self._audit.record(
                    session, events.DESTROYED, actor=WORKER, subject=f"recording:{recording}", files=len(row.tracks),
                    bytes=sum(one.bytes for one in row.tracks), head=row.head,
                )  # fmt: skip
