"""The duty that seals: each consent, countersignature and withdrawal gets its receipt, at once or later, once."""

import structlog

from portal.consent.records import Records
from portal.db.engine import Database
from portal.messages.service import Outbox
from portal.people.service import PeopleService
from portal.receipts.errors import SealFailed
from portal.receipts.service import ReceiptService

log = structlog.get_logger(__name__)


class Sealing:
    """Makes receipts for what has none, and tells the participant that her copy is ready."""

    def __init__(
        self, database: Database, records: Records, receipts: ReceiptService, people: PeopleService, outbox: Outbox
    ) -> None:
        self._database = database
        self._records = records
        self._receipts = receipts
        self._people = people
        self._outbox = outbox

    def run(self) -> int:
        """Seal everything that waits; gives how many were sealed. One failure does not hold up the rest."""
        return sum(self.seal(reference) for reference in self._records.unsealed())

    def seal(self, reference: str) -> bool:
        """Try to seal one now. False leaves it to the next run."""
        try:
            person, record = self._records.build(reference)
            self._receipts.issue(record)
        except SealFailed as error:
            log.warning("receipt waits", reference=reference, why=str(error))
            return False
        if self._people.email_of(person.id):
            with self._database.transaction() as session:
                self._outbox.queue(session, template="copy_ready", to=person.subject, key=f"receipt:{reference}")
        return True
