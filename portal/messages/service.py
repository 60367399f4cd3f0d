"""Promise a message in the transaction that needs it; a duty sends it, at most once, later if need be."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.clock import Clock
from portal.db.engine import Database
from portal.messages.delivery import Delivery
from portal.messages.domain import Attachment, Channel, Contact, Directory, Outcome, plan
from portal.messages.errors import UnknownMessage
from portal.messages.kinds import kind
from portal.messages.render import Renderer
from portal.messages.store import OutboxMessage, pack


class Outbox:
    """Where every feature puts what it has to tell somebody."""

    def __init__(
        self, database: Database, clock: Clock, renderer: Renderer, directory: Directory, delivery: Delivery
    ) -> None:
        self._database = database
        self._clock = clock
        self._renderer = renderer
        self._directory = directory
        self._delivery = delivery

    def queue(
        self, session: Session, *, template: str, to: str, key: str, context: Mapping[str, str] | None = None,
        address: str | None = None, language: str | None = None, at: datetime | None = None,
        not_after: datetime | None = None, attachments: Sequence[Attachment] = (),
    ) -> None:  # fmt: skip
        """Promise a message in the caller's transaction. The same key is kept once, for ever.

        Args:
            template: one of `portal.messages.kinds`.
            to: "participant:C-0007" or "staff:3", whose address, channel, language and safe hours are looked up when it
                is sent; or an e-mail address that is nobody's yet.
            key: names the occasion, such as "booking:12:3:reminder:24"; never a person. A common beginning lets
                `cancel` take back what belongs together.
            address: an e-mail address to use this once instead of that of the subject.
            language: for an address that is nobody's yet.
            at: when to send it; at once if left out. Her safe hours may move it.
            not_after: when it is worth nothing any more; then the team is told that she was not.

        Raises:
            UnknownMessage: no such template, or other fields than it declares.
            jinja2.TemplateError, ValueError: it cannot be written with this context; better here than in the worker.
        """
        known, fields = kind(template), dict(context or {})
        known.check(fields)
        if session.scalar(select(OutboxMessage.id).where(OutboxMessage.key == key)) is not None:
            return
        self._renderer.render(known, Contact(language or ""), fields, channel=Channel.EMAIL)
        now = self._clock()
        somebody = "@" not in to
        if somebody and ":" not in to:
            raise UnknownMessage("a message goes to a subject such as participant:C-0007, or to an e-mail address")
        row = OutboxMessage(
            key=key, template=template, language=language, subject=to if somebody else None,
            recipient=address if somebody else to, context=json.dumps(fields), attachments=pack(attachments),
            queued_at=now, wanted_at=at or now, not_after=not_after, due_at=at or now, tries=0,
        )  # fmt: skip
        self._schedule(row, self._directory([to]).get(to) if somebody else None)
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            return  # another transaction promised it between our look and now

    def unknown(self, keys: Collection[str]) -> list[str]:
        """Those of the keys that nothing was promised under yet, in their order; for duties that look for gaps."""
        with self._database.reading() as session:
            known = set(session.scalars(select(OutboxMessage.key).where(OutboxMessage.key.in_(keys))))
        return [key for key in keys if key not in known]

    def cancel(self, session: Session, prefix: str) -> int:
        """Take back what is not sent yet and whose key begins so; gives the number. Their keys stay used."""
        waiting = OutboxMessage.closed_at.is_(None), OutboxMessage.handed_at.is_(None)
        gone = session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.key.startswith(prefix, autoescape=True), *waiting)
            .values(closed_at=self._clock(), outcome=Outcome.CANCELLED, recipient=None, context=None, attachments=None)
            .returning(OutboxMessage.id)
        )
        return len(gone.all())

    def forget(self, subject: str) -> int:
        """Take back what waits for who is to be forgotten, and remove the content of what failed; gives the number."""
        mine = OutboxMessage.subject == subject, OutboxMessage.context.is_not(None)
        now = self._clock()
        with self._database.transaction() as session:
            rows = session.scalars(select(OutboxMessage).where(*mine)).all()
            for row in rows:
                row.empty()
                row.settled_at = now
                if row.closed_at is None:
                    row.closed_at, row.outcome = now, Outcome.CANCELLED
        return len(rows)

    def replan(self, session: Session, subject: str, contact: Contact) -> None:
        """Move what waits for somebody into her new hours. Called in the transaction that changes her choices."""
        rows = select(OutboxMessage).where(
            OutboxMessage.subject == subject, OutboxMessage.closed_at.is_(None), OutboxMessage.handed_at.is_(None)
        )
        for row in session.scalars(rows):
            self._schedule(row, contact)

    def send_due(self) -> int:
        """One turn of the worker; gives how many were handed over."""
        return self._delivery.turn()

    def _schedule(self, row: OutboxMessage, contact: Contact | None) -> None:
        """A moment for it. If there is none left, it stays due, and the worker closes it as too late."""
        hours = contact.hours if contact and not kind(row.template).at_once else None
        row.due_at = plan(hours, row.wanted_at, row.not_after, self._clock()) or row.wanted_at
