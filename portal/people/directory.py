"""How participants may be reached, for the outbox: looked up when a message leaves, so that choices apply at once."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from portal.db.engine import Database
from portal.messages.domain import Contact
from portal.people.store import IdentityRow, ParticipantRow

_PREFIX = "participant:"


class PeopleDirectory:
    """Finds the contacts of "participant:C-0007" and others, all in one query."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, subjects: Sequence[str]) -> Mapping[str, Contact]:
        """The contacts of those subjects that are participants."""
        ids = [one.removeprefix(_PREFIX) for one in subjects if one.startswith(_PREFIX)]
        if not ids:
            return {}
        query = (
            select(ParticipantRow, IdentityRow)
            .outerjoin(IdentityRow, IdentityRow.participant_id == ParticipantRow.id)
            .where(ParticipantRow.study_id.in_(ids))
        )
        with self._database.reading() as session:
            return {f"{_PREFIX}{row.study_id}": _contact(row, identity) for row, identity in session.execute(query)}


def _contact(row: ParticipantRow, identity: IdentityRow | None) -> Contact:
    return Contact(row.language, email=identity.email if identity else None, group=row.group)
