"""How participants may be contacted: her own choices, and looking them up for a message that is about to leave."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.db.personal import personal
from portal.messages.domain import Contact
from portal.messages.service import Outbox
from portal.messages.stops import Stops
from portal.people import events
from portal.people.domain import ContactChoices
from portal.people.errors import ParticipantUnknown
from portal.people.store import ContactChoiceRow, IdentityRow, ParticipantRow, choices_of

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
            select(ParticipantRow, IdentityRow, ContactChoiceRow)
            .outerjoin(IdentityRow, IdentityRow.participant_id == ParticipantRow.id)
            .outerjoin(ContactChoiceRow, ContactChoiceRow.participant_id == ParticipantRow.id)
            .where(ParticipantRow.study_id.in_(ids))
        )
        with self._database.reading() as session:
            return {
                f"{_PREFIX}{row.study_id}": _contact(row, identity, choices_of(chosen, identity))
                for row, identity, chosen in session.execute(query)
            }


class ContactService:
    """Her choices, changed by herself at any time."""

    def __init__(
        self, database: Database, clock: Clock, audit: AuditLog, outbox: Outbox, stops: Stops, *, texts: bool
    ) -> None:
        """
        Args:
            texts: whether text messages can be sent at all.
        """
        self._database = database
        self._clock = clock
        self._audit = audit
        self._outbox = outbox
        self._stops = stops
        self.texts = texts

    def choices(self, participant_id: int) -> ContactChoices:
        """What she chose, or the careful defaults."""
        with self._database.reading() as session:
            return choices_of(session.get(ContactChoiceRow, participant_id), session.get(IdentityRow, participant_id))

    def save(self, participant_id: int, choices: ContactChoices) -> None:
        """Keep her choices; what waits for her moves into her new hours. Raises ParticipantUnknown."""
        with self._database.transaction() as session:
            person = self._keep(session, participant_id, choices)
            identity = session.get(IdentityRow, participant_id)
            if identity is None and choices.phone:
                identity = IdentityRow(participant_id=participant_id)
                session.add(identity)
            if identity is not None:
                identity.phone = personal(person.study_id, choices.phone) if choices.phone else None
            subject = f"{_PREFIX}{person.study_id}"
            self._audit.record(
                session, events.CONTACT_CHOSEN, actor=Actor.participant(person.study_id), subject=subject
            )
            self._outbox.replan(session, subject, _contact(person, identity, choices))

    def stop_optional(self, token: str) -> None:
        """No more of the messages that she can do without, by the link in one of them.

        Raises:
            StopUnknown, ParticipantUnknown
        """
        study_id = self._stops.subject(token).removeprefix(_PREFIX)
        with self._database.transaction() as session:
            found = session.scalars(select(ParticipantRow).where(ParticipantRow.study_id == study_id)).one_or_none()
            if found is None:
                raise ParticipantUnknown("no participant has this study ID")
            now = choices_of(session.get(ContactChoiceRow, found.id), session.get(IdentityRow, found.id))
            if now.optional:
                self._keep(session, found.id, replace(now, optional=False))
                self._audit.record(
                    session, events.OPTIONAL_STOPPED, actor=Actor.participant(study_id),
                    subject=f"{_PREFIX}{study_id}",
                )  # fmt: skip

    def check_stop(self, token: str) -> None:
        """Whether the link is one of ours, without following it. Raises StopUnknown."""
        self._stops.subject(token)

    def _keep(self, session: Session, participant_id: int, choices: ContactChoices) -> ParticipantRow:
        person = session.get(ParticipantRow, participant_id, with_for_update=True)
        if person is None:
            raise ParticipantUnknown(f"no participant has the number {participant_id}")
        row = session.get(ContactChoiceRow, participant_id)
        if row is None:
            row = ContactChoiceRow(participant_id=participant_id)
            session.add(row)
        row.keep(choices, self._clock())
        return person


def _contact(row: ParticipantRow, identity: IdentityRow | None, choices: ContactChoices) -> Contact:
    return Contact(
        row.language, (identity.email or None) if identity else None, choices.phone or None, choices.channel,
        choices.hours, choices.neutral_name, choices.optional, row.group,
    )  # fmt: skip
