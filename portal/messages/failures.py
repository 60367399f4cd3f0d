"""Messages that did not arrive, or perhaps did not: what the team does about each, and whose address is no good."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.messages import events
from portal.messages.domain import FAILURES, Channel, Contact, Directory, Outcome
from portal.messages.errors import MessageUnknown
from portal.messages.store import OutboxMessage

KEPT = timedelta(days=30)
"""So long a failed message can still be sent again; then its content is removed."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_OPEN = OutboxMessage.outcome.in_(FAILURES), OutboxMessage.settled_at.is_(None)
_REFUSED = select(
    OutboxMessage.subject, OutboxMessage.channel, OutboxMessage.closed_at, OutboxMessage.address_digest
).where(*_OPEN, OutboxMessage.outcome == Outcome.REFUSED)
_REFUSED_OF = _REFUSED.where(OutboxMessage.subject == bindparam("who"))


@dataclass(frozen=True)
class Failure:
    """One of them, without its content."""

    id: int
    subject: str | None
    """ "participant:C-0007" or "staff:3"; empty for an address that is nobody's yet."""
    template: str
    outcome: Outcome
    wanted_at: datetime
    closed_at: datetime
    can_repeat: bool


class Failures:
    """What the page of undelivered messages shows and does."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, directory: Directory) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._directory = directory

    def waiting(self) -> list[Failure]:
        """Those that nobody has dealt with, newest first."""
        shown = (
            OutboxMessage.id, OutboxMessage.subject, OutboxMessage.template, OutboxMessage.outcome,
            OutboxMessage.wanted_at, OutboxMessage.closed_at, OutboxMessage.context.is_not(None),
        )  # fmt: skip
        query = select(*shown).where(*_OPEN).order_by(OutboxMessage.closed_at.desc(), OutboxMessage.id.desc())
        with self._database.reading() as session:
            return [
                Failure(
                    number, subject, template, Outcome(str(outcome)), wanted_at, closed_at or wanted_at, bool(whole)
                )
                for number, subject, template, outcome, wanted_at, closed_at, whole in session.execute(query)
            ]

    def subject_of(self, message_id: int) -> str | None:
        """Whom a failed message concerns; None for nobody, or if there is no such message."""
        with self._database.reading() as session:
            row = session.get(OutboxMessage, message_id)
        return row.subject if row is not None else None

    def send_again(self, message_id: int, *, actor: Actor) -> None:
        """Try again from the start: somebody has decided that she should get it, twice if need be.

        Raises MessageUnknown: it is settled already, or its content is gone.
        """
        now = self._clock()
        with self._database.transaction() as session:
            row = self._open(session, message_id)
            if row.context is None:
                raise MessageUnknown("its content was removed")
            row.outcome = row.closed_at = row.handed_at = row.not_after = row.address_digest = None
            row.tries, row.due_at, row.wanted_at = 0, now, now
            self._audit.record(
                session, events.SENT_AGAIN, actor=actor, subject=row.subject or "message", template=row.template
            )

    def settle(self, message_id: int, *, actor: Actor) -> None:
        """She was told otherwise, or needs not be. Raises MessageUnknown."""
        with self._database.transaction() as session:
            row = self._open(session, message_id)
            row.settled_at = self._clock()
            row.empty()
            self._audit.record(
                session, events.SETTLED, actor=actor, subject=row.subject or "message", template=row.template
            )

    def unreachable(self, who: str | None = None) -> Collection[str]:
        """The subjects whose present address or number was refused, and has taken nothing since.

        Args:
            who: ask for this subject only.
        """
        query, asked = (_REFUSED, {}) if who is None else (_REFUSED_OF, {"who": who})
        with self._database.reading() as session:
            refused = session.execute(query, asked).all()
            if not refused:
                return set()
            subjects = sorted({subject for subject, *_ in refused if subject})
            sent = (
                select(OutboxMessage.subject, OutboxMessage.channel, func.max(OutboxMessage.closed_at))
                .where(OutboxMessage.outcome == Outcome.SENT, OutboxMessage.subject.in_(subjects))
                .group_by(OutboxMessage.subject, OutboxMessage.channel)
            )
            taken = {(subject, channel): at or _LONG_AGO for subject, channel, at in session.execute(sent)}
        contacts = self._directory(subjects)
        return {
            subject
            for subject, channel, at, digest in refused
            if subject and channel and at and taken.get((subject, channel), _LONG_AGO) < at
            and digest and digest == self._digest(contacts.get(subject), Channel(channel))
        }  # fmt: skip

    def _digest(self, contact: Contact | None, channel: Channel) -> bytes | None:
        address = contact.address(channel) if contact else None
        return self._database.keyring.digest("messages.address", address) if address else None

    def sweep(self) -> int:
        """Remove the content of what failed long ago; gives the number."""
        old = OutboxMessage.closed_at < self._clock() - KEPT, OutboxMessage.context.is_not(None)
        with self._database.transaction() as session:
            gone = session.execute(
                update(OutboxMessage)
                .where(*old)
                .values(recipient=None, context=None, attachments=None)
                .returning(OutboxMessage.id)
            )
            return len(gone.all())

    def _open(self, session: Session, message_id: int) -> OutboxMessage:
        query = select(OutboxMessage).where(OutboxMessage.id == message_id, *_OPEN).with_for_update()
        row = session.scalars(query).one_or_none()
        if row is None:
            raise MessageUnknown("it does not wait for anybody any more")
        return row
