"""What the team writes beside the call: private notes, kept as they are typed, and topics that were talked about."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.db.personal import personal
from portal.rooms import events
from portal.rooms.domain import LONGEST_NOTE, Note, Room, Tick
from portal.rooms.errors import NoteOverwritten, TopicUnknown
from portal.rooms.store import RoomNoteRow, RoomRow, RoomTickRow
from portal.study.domain import Documents
from portal.study.service import StudyBook


class Notebook:
    """Notes, which only their writer reads, and the topic guide's ticks, which all of the team see."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, studies: StudyBook) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._studies = studies

    def documents(self, room: Room) -> Documents:
        """The study's documents as they were when the room was opened."""
        return self._studies.at(room.publication_hash).study.documents[room.participant.group]

    def note(self, room: Room, staff_id: int) -> Note:
        """The member's own notes. Reading them is on record."""
        with self._database.reading() as session:
            row = session.get(RoomNoteRow, (room.id, staff_id))
        if row is None:
            return Note("", 0)
        self._audit.note(events.NOTES_READ, actor=Actor.staff(staff_id), subject=room.subject)
        return Note(row.text, row.revision)

    def keep(self, room: Room, staff_id: int, text: str, revision: int) -> int:
        """Keep the notes; gives their new revision.

        Raises:
            NoteOverwritten: another window kept a newer text; nothing is lost, the caller shows both.
            ValueError: too long.
        """
        if len(text) > LONGEST_NOTE:
            raise ValueError("notes are too long")
        with self._database.transaction() as session:
            session.get_one(RoomRow, room.id, with_for_update=True)  # two windows take turns
            row = session.get(RoomNoteRow, (room.id, staff_id))
            if row is None:
                row = RoomNoteRow(room_id=room.id, staff_id=staff_id, revision=0)
                session.add(row)
            elif row.revision != revision and row.text != text:
                raise NoteOverwritten(row.text, row.revision)
            row.text = personal(room.participant.study_id, text)
            row.revision, row.updated_at = row.revision + 1, self._clock()
            return row.revision

    def ticks(self, room: Room) -> dict[str, Tick]:
        """The topics that were ticked off, by key."""
        query = select(RoomTickRow).where(RoomTickRow.room_id == room.id)
        with self._database.reading() as session:
            return {row.topic: Tick(row.topic, row.recording_ms) for row in session.scalars(query)}

    def tick(self, room: Room, staff_id: int, topic: str, *, done: bool, recording_ms: int | None) -> None:
        """Tick a topic off, or take the tick back. Raises TopicUnknown."""
        guide = self.documents(room).topic_guide
        if guide is None or topic not in {one.key for one in guide.topics}:
            raise TopicUnknown(topic)
        with self._database.transaction() as session:
            session.get_one(RoomRow, room.id, with_for_update=True)
            row = session.get(RoomTickRow, (room.id, topic))
            if not done:
                _remove(session, row)
            elif row is None:
                session.add(
                    RoomTickRow(
                        room_id=room.id, topic=topic, staff_id=staff_id, recording_ms=recording_ms, at=self._clock()
                    )
                )  # fmt: skip


def _remove(session: Session, row: RoomTickRow | None) -> None:
    if row is not None:
        session.delete(row)
