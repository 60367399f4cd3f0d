"""Conversations between participants and the team."""

from collections.abc import Iterable

from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.enquiries.service import EnquiryService
from portal.messages.service import Outbox
from portal.people.domain import Participant
from portal.people.service import PeopleService
from portal.team.notices import TeamNotices


def build_enquiries(
    database: Database, clock: Clock, audit: AuditLog, outbox: Outbox, notices: TeamNotices, people: PeopleService,
    consents: ConsentService,
) -> EnquiryService:  # fmt: skip
    """The service, told who agreed to hear of the results."""

    def wanting() -> Iterable[Participant]:
        everybody = people.all()
        states = consents.states(everybody)
        return [one for one in everybody if "summary_of_results" in states[one.id].effects]

    return EnquiryService(database, clock, audit, outbox, notices, wanting)
