"""Conversations between participants and the team."""

from collections.abc import Collection, Iterable

from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.enquiries.service import EnquiryService
from portal.messages.failures import Failures
from portal.messages.service import Outbox
from portal.people.domain import Participant
from portal.people.service import PeopleService
from portal.team.notices import TeamNotices
from portal.web.scopes import Permission
from portal.workspace.domain import ToDo, ToDoSource


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


def messages_to_do(enquiries: EnquiryService, failures: Failures, people: PeopleService) -> ToDoSource:
    """What conversations and undelivered messages ask of the team."""

    def items(permissions: frozenset[str], sites: Collection[str] | None) -> Iterable[ToDo]:
        if Permission.ENQUIRIES in permissions:
            yield ToDo("enquiries", enquiries.waiting(sites), "enquiries.inbox", urgent=True)
        if Permission.UNDELIVERED in permissions:
            waiting, unreachable = failures.waiting(), failures.unreachable()
            mine = people.seen_among({one.subject for one in waiting if one.subject} | set(unreachable), sites)
            lost = [one for one in waiting if one.subject is None or one.subject in mine]
            yield ToDo("undelivered", len(lost), "undelivered.page")
            yield ToDo("unreachable", len(mine.intersection(unreachable)), "undelivered.page", urgent=True)

    return items
