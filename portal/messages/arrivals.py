"""Messages that a service took and could not deliver later: what it tells afterwards is noted with the message.

Only GOV.UK Notify can be asked. It remembers for a week. What a mail server sends back to the sender's address is not
read here.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from sqlalchemy import select

from portal.clock import Clock
from portal.db.engine import Database
from portal.messages.domain import Bounced, Outcome
from portal.messages.errors import ServiceDown
from portal.messages.store import OutboxMessage

log = structlog.get_logger(__name__)
REMEMBERED = timedelta(days=8)

Ask = Callable[[], Sequence[Bounced]]
"""What was not delivered lately. Raises ServiceDown."""


class Arrivals:
    """The duty that asks."""

    def __init__(self, database: Database, clock: Clock, ask: Ask) -> None:
        self._database = database
        self._clock = clock
        self._ask = ask

    def run(self) -> int:
        """Note what came back; gives the number. Asked again, the same changes nothing."""
        try:
            found = {one.message_id: one for one in self._ask()}
        except ServiceDown as error:
            log.warning("not told what became of messages", why=str(error))
            return 0
        if not found:
            return 0
        sent = OutboxMessage.outcome == Outcome.SENT, OutboxMessage.closed_at > self._clock() - REMEMBERED
        with self._database.transaction() as session:
            rows = session.scalars(select(OutboxMessage).where(*sent).with_for_update()).all()
            back = [(row, found[name]) for row in rows if (name := row.message_id(self._database.keyring)) in found]
            for row, one in back:
                row.outcome = one.outcome
                row.address_digest = self._database.keyring.digest("messages.address", one.address)
        return len(back)
