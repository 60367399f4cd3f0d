"""The outbox with its senders, and who looks up how somebody may be reached."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.delegation.domain import allowed
from portal.messages.arrivals import Arrivals, Ask
from portal.messages.delivery import Delivery
from portal.messages.domain import Bounced, Channel, Contact
from portal.messages.failures import Failures
from portal.messages.ledger import Ledger
from portal.messages.notify import NotifySender
from portal.messages.render import Renderer
from portal.messages.senders import FileSender, NoService, Sender
from portal.messages.service import Outbox
from portal.messages.smtp import SmtpSender
from portal.messages.stops import Stops
from portal.people.contact import ContactService, PeopleDirectory
from portal.settings import ROOT, Settings
from portal.study.service import StudyBook
from portal.team.notices import TeamDirectory, TeamNotices
from portal.web.scopes import Permission
from portal.wiring.team import Team


@dataclass(frozen=True)
class Messages:
    """The services that concern messages."""

    outbox: Outbox
    contact: ContactService
    failures: Failures
    arrivals: Arrivals
    say: Callable[[str, str], str]
    """A sentence of ours in somebody's language; an empty language is the study's first."""

    @property
    def registry(self) -> tuple[object, ...]:
        """For the application's registry."""
        return (self.outbox, self.contact, self.failures, self.arrivals)


def build_messages(
    settings: Settings, database: Database, clock: Clock, audit: AuditLog, studies: StudyBook, sender: Sender | None
) -> Messages:
    """Build them. `sender` stands in for every way of sending that the settings name."""
    people, team = PeopleDirectory(database), TeamDirectory(database)

    def directory(subjects: Sequence[str]) -> Mapping[str, Contact]:
        return {**people(subjects), **team(subjects)}

    def name(neutral: bool) -> str:  # noqa: FBT001 - the one thing it depends on
        return settings.mail_name if neutral else studies.current().study.sponsor.name

    renderer = Renderer(
        ROOT / "templates" / "emails", ROOT / "portal" / "translations", settings.public_url,
        first_language=lambda: studies.current().study.languages[0],
    )  # fmt: skip
    stops = Stops(database.keyring, settings.public_url)
    delivery = Delivery(
        Ledger(database, clock), clock, renderer, directory, _senders(settings, sender),
        keyring=database.keyring, stops=stops, name=name,
    )  # fmt: skip
    outbox = Outbox(database, clock, renderer, directory, delivery)
    contact = ContactService(database, clock, audit, outbox, stops, texts=_sends_texts(settings))
    failures = Failures(database, clock, audit, directory)
    return Messages(outbox, contact, failures, Arrivals(database, clock, _asks_notify(settings)), renderer.say)


def _asks_notify(settings: Settings) -> Ask:
    """Asks Notify what came back, where it sends anything; else nobody."""
    if not (settings.notify_sms_template or (settings.notify_email_template and not settings.smtp_url)):
        return lambda: ()

    def ask() -> Sequence[Bounced]:
        notify = _notify(settings)
        try:
            return notify.bounced()
        finally:
            notify.close()

    return ask


def _sends_texts(settings: Settings) -> bool:
    """Whether a text message would reach anybody: by a service, or as a file that the demonstration shows."""
    return bool(settings.notify_sms_template) or settings.demonstration


def build_notices(clock: Clock, outbox: Outbox, team: Team, studies: StudyBook) -> TeamNotices:
    """Who of the team is told: those who may deal with it at this moment."""

    def audience(permission: Permission, site: str | None) -> Sequence[int]:
        apart = site is not None and studies.current().study.sites_apart
        return [
            one.id
            for one in team.members.members()
            if permission in allowed(one.permissions, team.delegations.tasks(one))
            and (not apart or one.sites is None or site in one.sites)
        ]

    return TeamNotices(clock, outbox, audience)


def _senders(settings: Settings, instead: Sender | None) -> Mapping[Channel, Sender]:
    if instead:
        return dict.fromkeys(Channel, instead)
    files = FileSender(settings.instance / "outbox", settings.mail_from)
    email: Sender = files
    if settings.smtp_url:
        email = SmtpSender(settings.smtp_url, settings.mail_from)
    elif settings.notify_email_template:
        email = _notify(settings)
    texts = _notify(settings) if settings.notify_sms_template else files if settings.demonstration else NoService()
    return {Channel.EMAIL: email, Channel.SMS: texts}


def _notify(settings: Settings) -> NotifySender:
    return NotifySender(
        settings.notify_api_key, settings.notify_url,
        email_template=settings.notify_email_template, sms_template=settings.notify_sms_template,
    )  # fmt: skip
