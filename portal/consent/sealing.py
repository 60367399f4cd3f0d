"""The duty that seals: each consent, countersignature and withdrawal gets its receipt, at once or later, once."""

import structlog

from portal.consent.records import Records
from portal.db.engine import Database
from portal.messages.service import Outbox
from portal.people.service import PeopleService
from portal.receipts.domain import Kind
from portal.receipts.errors import SealFailed
from portal.receipts.service import ReceiptService
from portal.team.notices import TeamNotices
from portal.web.scopes import Permission

log = structlog.get_logger(__name__)


class Sealing:
    """Makes receipts for what has none, and tells her that it is ready and the team that it is its turn."""

    def __init__(
        self, database: Database, records: Records, receipts: ReceiptService, people: PeopleService, outbox: Outbox,
        notices: TeamNotices,
    ) -> None:  # fmt: skip
        self._database = database
        self._records = records
        self._receipts = receipts
        self._people = people
        self._outbox = outbox
        self._notices = notices

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
        reachable = self._people.email_of(person.id) is not None
        with self._database.transaction() as session:
            if reachable:
                self._outbox.queue(session, template="copy_ready", to=person.subject, key=f"receipt:{reference}")
            if record.kind is Kind.CONSENT:
                self._notices.tell(
                    session, "team_consent", key=f"consent:{reference}", permission=Permission.COUNTERSIGN,
                    site=person.site,
                )  # fmt: skip
        return True
