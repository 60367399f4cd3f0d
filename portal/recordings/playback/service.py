"""Keep sealed notes on recordings."""

from sqlalchemy import delete, select

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.recordings.playback import events
from portal.recordings.playback.domain import Note, check_note
from portal.recordings.playback.store import RecordingNoteRow
from portal.recordings.service import RecordingService
from portal.recordings.store import RecordingRow


class Notes:
    """Notes on recordings; those of a destroyed recording go with it."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, recordings: RecordingService) -> None:
        self._database, self._clock, self._audit, self._recordings = database, clock, audit, recordings

    def add(self, recording: str, sealed: str, *, staff_id: int) -> Note:
        """Keep a note. Raises NoteRefused, RecordingUnknown."""
        check_note(sealed)
        self._recordings.recording(recording)
        row = RecordingNoteRow(recording_id=recording, author=staff_id, at=self._clock(), sealed=sealed)
        with self._database.transaction() as session:
            session.add(row)
            session.flush()
            self._audit.record(
                session, events.NOTE_ADDED, actor=Actor.staff(staff_id), subject=f"recording:{recording}", note=row.id
            )
        return row.as_note()

    def sweep(self) -> int:
        """Duty: remove the notes on recordings that are destroyed, or will be. Gives how many."""
        gone = select(RecordingRow.id).where(RecordingRow.destruction_ordered_at.is_not(None))
        with self._database.transaction() as session:
            removed = session.scalars(
                delete(RecordingNoteRow).where(RecordingNoteRow.recording_id.in_(gone)).returning(RecordingNoteRow.id)
            )
            return len(removed.all())

    def of(self, recording: str) -> list[Note]:
        """The notes on a recording, oldest first."""
        query = select(RecordingNoteRow).where(RecordingNoteRow.recording_id == recording)
        with self._database.reading() as session:
            return [row.as_note() for row in session.scalars(query.order_by(RecordingNoteRow.id))]
