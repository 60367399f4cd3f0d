"""The duty that seals: each consent, countersignature and withdrawal gets its receipt, at once or later, once."""

from datetime import timedelta

import structlog

from portal.clock import Clock
from portal.consent.records import Records
from portal.db.engine import Database
from portal.each import each
from portal.messages.service import Outbox
from portal.people.domain import Participant
from portal.receipts.domain import Kind, Record
from portal.receipts.errors import SealFailed
from portal.receipts.service import ReceiptService
from portal.team.notices import TeamNotices
from portal.web.scopes import Permission

log = structlog.get_logger(__name__)
_MISSED = timedelta(days=1)


class Sealing:
    """Makes receipts for what has none, and tells her that it is ready and the team that it is its turn."""

    def __init__(
        self, database: Database, records: Records, receipts: ReceiptService, outbox: Outbox,
        notices: TeamNotices, clock: Clock,
    ) -> None:  # fmt: skip
        self._database = database
        self._records = records
        self._receipts = receipts
        self._outbox = outbox
        self._notices = notices
        self._clock = clock

    def run(self) -> int:
        """Seal everything that waits; gives how many were sealed. One failure does not hold up the rest."""
        try:
            return each(self._records.unsealed(), self.seal)
        finally:
            self._tell_missed()

    def seal(self, reference: str) -> bool:
        """Try to seal one now. False leaves it to the next run."""
        try:
            person, record = self._records.build(reference)
            self._receipts.issue(record)
        except SealFailed as error:
            log.warning("receipt waits", reference=reference, why=str(error))
            return False
        self._tell(reference, person, record)
        return True

    def _tell(self, reference: str, person: Participant, record: Record) -> None:
        with self._database.transaction() as session:
            self._outbox.queue(session, template="copy_ready", to=person.subject, key=f"receipt:{reference}")
            if record.kind is Kind.CONSENT:
                self._notices.gather(session, "team_consent", permission=Permission.COUNTERSIGN, site=person.site)

    def _tell_missed(self) -> None:
        """What was sealed by a process that died before it could promise the messages."""
        keys = {f"receipt:{one}": one for one in self._records.sealed_since(self._clock() - _MISSED)}
        for key in self._outbox.unknown(keys):
            self._tell(keys[key], *self._records.build(keys[key]))
