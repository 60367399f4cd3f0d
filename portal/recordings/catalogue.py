"""Duties: complete what a crash left, catalogue what the manifests tell, move what is finished elsewhere."""

from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import select

from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.each import each
from portal.recordings import events
from portal.recordings.age import AgeError
from portal.recordings.comparing import WORKER
from portal.recordings.domain import Recording
from portal.recordings.errors import RecordingError
from portal.recordings.manifest import FILE, Manifest, ManifestBusy, ManifestDamaged
from portal.recordings.places import Places
from portal.recordings.recovery import Recovered, recover, unfinished
from portal.recordings.store import RecordingRow, RecordingTrackRow
from portal.recordings.summary import summarise

log = structlog.get_logger(__name__)
STAYS_OPEN = timedelta(days=1)
"""A recording that nobody ended may go on for so long, for instance after a restart."""


class Catalogue:
    """Each method is a duty: it may be killed anywhere and run again, and gives how much was done."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, places: Places) -> None:
        self._database, self._clock, self._audit, self._places = database, clock, audit, places

    def run(self) -> int:
        """Catalogue what is new or has grown here. What is being recorded now is left alone."""
        done = 0
        known = self._sizes_known()
        for recording in self._places.here.recordings():
            folder = self._places.here.folder(recording)
            try:
                done += self._look_at(recording, folder, known.get(recording))
            except ManifestBusy:
                continue
            except (RecordingError, ManifestDamaged, AgeError, OSError) as error:
                log.error("recording not catalogued", recording=recording, error=type(error).__name__)
        return done

    def move(self) -> int:
        """Move finished recordings to the service elsewhere, if there is one."""
        query = select(RecordingRow).where(
            RecordingRow.away.is_(False),
            RecordingRow.destruction_ordered_at.is_(None),
            RecordingRow.discarded.is_(False),
        )
        with self._database.reading() as session:
            rows = list(session.scalars(query))
        return each(rows, self._move)

    def _move(self, row: RecordingRow) -> bool:
        finished = row.ended or self._clock() - row.catalogued_at > STAYS_OPEN
        if not finished or not self._places.move_away(row.id):
            return False
        with self._database.transaction() as session:
            session.get_one(RecordingRow, row.id).away = True
        return True

    def _look_at(self, recording: str, folder: Path, known: int | None) -> bool:
        manifest = folder / FILE
        if not manifest.exists():
            return False  # just being made, or a stranger
        if known == manifest.stat().st_size and not unfinished(folder):
            return False
        writing = Manifest.resume(folder, self._clock)
        try:
            for found in recover(folder):
                self._note_recovery(writing, folder, found)
        finally:
            writing.close()
        self._keep(summarise(manifest.read_bytes()), manifest.stat().st_size, recording)
        return True

    def _note_recovery(self, writing: Manifest, folder: Path, found: Recovered) -> None:
        main = folder / f"{found.name}.age"
        there = main.exists()
        writing.add(
            "recovered", file=found.name, bytes=main.stat().st_size if there else 0,
            payload_sha256=self._places.sha256(folder.name, main.name, payload_only=True) if there else "",
            more=found.more or "",
            more_sha256=self._places.sha256(folder.name, found.more) if found.more else "", problem=found.problem,
        )  # fmt: skip

    def _keep(self, recording: Recording, manifest_bytes: int, folder: str) -> None:
        if recording.id != folder:
            raise ManifestDamaged("the manifest is another recording's")
        with self._database.transaction() as session:
            row = session.get(RecordingRow, recording.id)
            new = row is None
            row = row or RecordingRow(id=recording.id, problems=[], away=False)
            row.manifest_bytes, row.catalogued_at = manifest_bytes, self._clock()
            _describe(row, recording)
            session.add(row)
            row.tracks.clear()
            session.flush()
            row.tracks = [RecordingTrackRow.of(position, one) for position, one in enumerate(recording.tracks)]
            if new:
                self._audit.record(
                    session, events.CATALOGUED, actor=WORKER, subject=f"recording:{recording.id}",
                    room=recording.room, tracks=len(recording.tracks), interrupted=recording.interrupted,
                    head=recording.head,
                )  # fmt: skip

    def _sizes_known(self) -> dict[str, int]:
        with self._database.reading() as session:
            rows = session.execute(select(RecordingRow.id, RecordingRow.manifest_bytes))
            return {row.id: row.manifest_bytes for row in rows}


def _describe(row: RecordingRow, recording: Recording) -> None:
    for name in ("room", "study_version", "opened_at", "duration_ms", "ended", "interrupted", "discarded", "head"):
        setattr(row, name, getattr(recording, name))
    row.recipients, row.told = sorted(recording.recipients), list(recording.problems)
