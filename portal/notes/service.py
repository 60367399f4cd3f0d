"""Write notes down and read them; a read about a participant is on record first."""

from collections.abc import Collection

from sqlalchemy import bindparam, func, select

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.db.personal import personal
from portal.notes import events
from portal.notes.domain import Note, NoteKind
from portal.notes.store import ParticipantNoteRow, SaturationNoteRow
from portal.people.domain import Participant

NEWEST = 50
_COUNT = (
    select(func.count())
    .select_from(ParticipantNoteRow)
    .where(ParticipantNoteRow.participant_id == bindparam("participant"))
)


class NotesService:
    """The team's notes."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    def write(self, person: Participant, kind: NoteKind, text: str, *, staff_id: int) -> None:
        """Add a note or a memo about somebody."""
        with self._database.transaction() as session:
            session.add(
                ParticipantNoteRow(
                    participant_id=person.id, kind=kind, staff_id=staff_id, text=personal(person.study_id, text),
                    at=self._clock(),
                )
            )  # fmt: skip
            actor = Actor.staff(staff_id)
            self._audit.record(session, events.WRITTEN, actor=actor, subject=person.subject, about=kind)

    def write_saturation(self, text: str, *, staff_id: int) -> None:
        """Add a note about the theory."""
        with self._database.transaction() as session:
            session.add(SaturationNoteRow(staff_id=staff_id, text=text, at=self._clock()))
            kind, actor = NoteKind.SATURATION, Actor.staff(staff_id)
            self._audit.record(session, events.WRITTEN, actor=actor, subject="study:theory", about=kind)

    def count(self, participant_id: int) -> int:
        """How many there are about her."""
        with self._database.reading() as session:
            return session.execute(_COUNT, {"participant": participant_id}).scalar_one()

    def read(self, person: Participant, *, actor: Actor) -> list[Note]:
        """What was written about her, newest first. The read is recorded before."""
        self._audit.note(events.READ, actor=actor, subject=person.subject, about="all")
        return self.of(person)

    def of(self, person: Participant) -> list[Note]:
        """The same for her own copy, which is recorded as such."""
        query = select(ParticipantNoteRow).where(ParticipantNoteRow.participant_id == person.id)
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(ParticipantNoteRow.id.desc())).all()
        return [_note(row, person.study_id) for row in rows if row.text]

    def memos(self, people: Collection[Participant], *, actor: Actor) -> dict[int, list[Note]]:
        """The memos on these interviews by participant, newest first. The read is recorded before."""
        names = {one.id: one.study_id for one in people}
        self._audit.note(events.READ, actor=actor, subject="study:theory", about=NoteKind.MEMO)
        query = select(ParticipantNoteRow).where(
            ParticipantNoteRow.kind == NoteKind.MEMO, ParticipantNoteRow.participant_id.in_(names)
        )
        found: dict[int, list[Note]] = {}
        with self._database.reading() as session:
            for row in session.scalars(query.order_by(ParticipantNoteRow.id.desc())):
                if row.text:
                    found.setdefault(row.participant_id, []).append(_note(row, names[row.participant_id]))
        return found

    def saturation(self) -> list[Note]:
        """The newest notes about the theory."""
        query = select(SaturationNoteRow).order_by(SaturationNoteRow.id.desc()).limit(NEWEST)
        with self._database.reading() as session:
            return [
                Note(row.id, NoteKind.SATURATION, "", row.staff_id, row.text, row.at) for row in session.scalars(query)
            ]


def _note(row: ParticipantNoteRow, study_id: str) -> Note:
    return Note(row.id, NoteKind(row.kind), study_id, row.staff_id, row.text, row.at)
