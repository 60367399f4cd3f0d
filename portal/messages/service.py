"""Promise a message in the transaction that needs it; a duty sends it, once, later if need be."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import Clock
from portal.db.engine import Database
from portal.messages.senders import NotSent, Sender, new_message
from portal.messages.store import OutboxMessage

log = structlog.get_logger(__name__)
_TRIES = 12


class Outbox:
    """Messages by template: `templates/emails/<name>.txt`; the first line is the subject, which names nothing."""

    def __init__(
        self, database: Database, clock: Clock, sender: Sender, *, templates: Path, mail_from: str, public_url: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._sender = sender
        self._mail_from = mail_from
        self._public_url = public_url.rstrip("/")
        self._templates = Environment(
            loader=FileSystemLoader(templates),
            undefined=StrictUndefined,
            autoescape=False,  # noqa: S701 - plain text, not HTML
            keep_trailing_newline=True,
        )

    def queue(
        self, session: Session, *, template: str, to: str, language: str, context: Mapping[str, str], key: str
    ) -> None:
        """Promise a message in the caller's transaction. The same key is kept once.

        Args:
            key: names the occasion, such as "receipt:7QK2-…"; never a person.
        """
        self._templates.get_template(f"{template}.txt")  # a misspelt name fails here, not in the worker
        if session.scalar(select(OutboxMessage.id).where(OutboxMessage.key == key)) is not None:
            return
        now = self._clock()
        session.add(
            OutboxMessage(
                key=key, template=template, language=language, recipient=to, context=json.dumps(dict(context)),
                queued_at=now, due_at=now, tries=0,
            )
        )  # fmt: skip

    def send_due(self) -> int:
        """Send what is due; gives how many were handed over. A failure is tried again later, ever less often."""
        sent = 0
        while (taken := self._take()) is not None:
            sent += self._deliver(taken)
        return sent

    def _take(self) -> OutboxMessage | None:
        """Take one message and move its next try ahead first, so that two workers never send it at once."""
        now = self._clock()
        waiting = OutboxMessage.sent_at.is_(None), OutboxMessage.given_up_at.is_(None), OutboxMessage.due_at <= now
        with self._database.transaction() as session:
            query = select(OutboxMessage).where(*waiting).order_by(OutboxMessage.id).limit(1)
            found = session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
            if found is not None:
                found.tries += 1
                found.due_at = now + min(timedelta(minutes=2**found.tries), timedelta(hours=12))
        return found

    def _deliver(self, taken: OutboxMessage) -> int:
        text = self._templates.get_template(f"{taken.template}.txt").render(
            public_url=self._public_url, **json.loads(taken.context or "{}")
        )
        subject, _, body = text.partition("\n")
        message = new_message(
            sender=self._mail_from, to=taken.recipient or "", subject=subject, body=body.strip() + "\n"
        )
        try:
            self._sender(message)
        except NotSent as error:
            log.warning("message not sent", template=taken.template, tries=taken.tries, why=str(error))
            self._settle(taken.id, sent=False)
            return 0
        self._settle(taken.id, sent=True)
        return 1

    def _settle(self, message_id: int, *, sent: bool) -> None:
        with self._database.transaction() as session:
            row = session.get_one(OutboxMessage, message_id)
            if sent:
                row.sent_at = self._clock()
            elif row.tries >= _TRIES:
                row.given_up_at = self._clock()
            if row.sent_at or row.given_up_at:
                row.recipient = row.context = None  # what is done needs no address any more
