"""Records against files, both ways: what is missing, what is too much, what was altered."""

from functools import partial

from sqlalchemy import select

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.each import each
from portal.recordings import events
from portal.recordings.age import AgeError
from portal.recordings.domain import Recording
from portal.recordings.errors import RecordingUnknown
from portal.recordings.manifest import FILE, Manifest, ManifestBusy, ManifestDamaged
from portal.recordings.places import Places
from portal.recordings.store import RecordingRow
from portal.recordings.summary import disagreements, summarise

WORKER = Actor.system("worker")
_ALTERED = "was altered since it was written"


class Comparison:
    """Compares the catalogue with the vault. What it finds stays with the recording until it is mended."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, places: Places) -> None:
        self._database, self._clock, self._audit, self._places = database, clock, audit, places

    def run(self) -> int:
        """Compare every record with its files, and the one that waited longest byte by byte. Gives what is new."""
        with self._database.reading() as session:
            rows = list(session.scalars(select(RecordingRow).where(RecordingRow.destruction_ordered_at.is_(None))))
        here = [row for row in rows if not row.away]
        oldest = sorted(here, key=lambda row: row.hashed_at or row.opened_at)[:1]
        return each((partial(each, rows, self._names), partial(each, oldest, self._bytes)), lambda compare: compare())

    def _names(self, row: RecordingRow) -> bool:
        known = [one for one in row.problems if one.endswith(_ALTERED)]
        return self._compared(row, [*self._disagreements(row), *known])

    def _bytes(self, row: RecordingRow) -> bool:
        """Whether it can be read or not, it has had its turn."""
        others = [one for one in row.problems if not one.endswith(_ALTERED)]
        try:
            return self._compared(row, [*others, *self.altered(row.as_recording())])
        finally:
            with self._database.transaction() as session:
                session.get_one(RecordingRow, row.id).hashed_at = self._clock()

    def altered(self, recording: Recording) -> list[str]:
        """Which files are not those that were written, by their hashes. Raises VaultError."""
        found = []
        for track in recording.tracks:
            for name, wanted in ((f"{track.file}.age", track.payload_sha256), (track.more, track.more_sha256)):
                if not name or not wanted:
                    continue
                try:
                    whole = name == track.more
                    is_now = self._places.sha256(recording.id, name, payload_only=not whole)
                except AgeError:
                    is_now = ""
                except RecordingUnknown:
                    continue  # the comparison of names tells that
                if is_now != wanted:
                    found.append(f"{name} {_ALTERED}")
        return found

    def strangers(self) -> list[str]:
        """Files without records: folders that hold no recording of ours, or one that cannot be catalogued."""
        with self._database.reading() as session:
            known = set(session.scalars(select(RecordingRow.id)))
        found = [f"the vault holds {name!r}, which is no recording" for name in self._places.here.strangers()]
        away = set(self._places.away.recordings()) if self._places.away else set()
        unknown = sorted((set(self._places.here.recordings()) | away) - known)
        return found + [
            f"recording {one} is in the vault but not in the catalogue" for one in unknown if not self._is_live(one)
        ]

    def _is_live(self, recording: str) -> bool:
        try:
            Manifest.resume(self._places.here.folder(recording), self._clock).close()
        except ManifestBusy:
            return True
        except (ManifestDamaged, OSError):
            return False
        return False

    def _disagreements(self, row: RecordingRow) -> list[str]:
        try:
            sizes = self._places.sizes(row.id)
            if FILE not in sizes:
                return ["its manifest is missing" if sizes else "its files are missing"]
            told = summarise(self._places.whole(row.id, FILE))
        except ManifestDamaged as error:
            return [str(error)]
        if told.head != row.head:
            return ["its manifest is not the one that was catalogued: lines were changed, cut off or added"]
        return disagreements(told, sizes)

    def _compared(self, row: RecordingRow, problems: list[str]) -> bool:
        """Keep what was found; an event tells of each new problem."""
        new = [one for one in problems if one not in row.problems]
        if problems == row.problems:
            return False
        row.problems = problems
        with self._database.transaction() as session:
            session.get_one(RecordingRow, row.id).problems = problems
            for one in new:
                self._audit.record(
                    session, events.PROBLEM_FOUND, actor=WORKER, subject=f"recording:{row.id}", what=one[:200]
                )
        return bool(new)
