"""What the audit trail says of a site's participants, and of their interviews and recordings."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from portal.audit.chain import GENESIS
from portal.audit.store import AuditEvent
from portal.canonical import canonical_json
from portal.db.engine import Database
from portal.exports.gather import Gathering, Person
from portal.recordings.store import RecordingRow
from portal.rooms.store import RoomRow


def audit_extract(database: Database, gathering: Gathering, sites: Collection[str] | None) -> Iterator[bytes]:
    """Events as lines of JSON. Each comes with the hash before it, so that its own can be computed again."""
    for chunk in gathering.people(sites):
        before = aliased(AuditEvent)
        with database.reading() as session:
            query = (
                select(AuditEvent, before.hash)
                .outerjoin(before, before.seq == AuditEvent.seq - 1)
                .where(AuditEvent.subject.in_(_subjects(session, chunk)))
                .order_by(AuditEvent.seq)
            )
            for row, previous in session.execute(query):
                event = row.as_event()
                yield canonical_json(
                    {
                        "previous": previous or GENESIS, "seq": event.seq,
                        "at": event.at.isoformat(timespec="microseconds"), "kind": event.kind,
                        "actor": event.actor, "subject": event.subject, "fields": event.fields, "hash": row.hash,
                    }
                ) + b"\n"  # fmt: skip


def _subjects(session: Session, people: Sequence[Person]) -> list[str]:
    """How events name what belongs to these people."""
    found = [one.participant.subject for one in people]
    consents = [one for person in people for one in person.consents]
    found += [f"consent:{one.reference}" for one in consents]
    found += [f"receipt:{reference}" for one in consents for reference in one.references]
    query = (
        select(RoomRow.id, RoomRow.recording_id, RecordingRow.id)
        .outerjoin(RecordingRow, RecordingRow.room == RoomRow.code)
        .where(RoomRow.participant_id.in_([one.participant.id for one in people]))
    )
    for room, named, catalogued in session.execute(query):
        found.append(f"room:{room}")
        found += [f"recording:{one}" for one in (named, catalogued) if one]
    return sorted(set(found))
