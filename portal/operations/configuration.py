"""Checks of what a deployment decided: does it make sense for real people?"""

from urllib.parse import urlsplit

from portal.operations.domain import Finding, failing, ok, warning
from portal.sentence import said
from portal.settings import Settings
from portal.study.errors import UnknownVersion
from portal.study.service import StudyBook

_HERE = ("127.0.0.1", "localhost")


def address(settings: Settings) -> Finding:
    """The public address."""
    part = "public address"
    if settings.secure:
        if settings.trusted_proxies == 0:
            return warning(
                part,
                said("%(url)s is served over https, but no proxy is trusted", url=settings.public_url),
                said(
                    "Set PORTAL_TRUSTED_PROXIES to the number of proxies in front, "
                    "or rate limits count everybody as one."
                ),
            )
        return ok(part, said("%(url)s", url=settings.public_url))
    if urlsplit(settings.public_url).hostname in _HERE:
        return warning(
            part,
            said("only this machine can reach the portal"),
            said("Put a TLS proxy in front and set PORTAL_PUBLIC_URL=https://… before anybody is invited."),
        )
    return failing(
        part,
        said("people reach the portal without encryption"),
        said("Put a TLS proxy in front and set PORTAL_PUBLIC_URL=https://…"),
    )


def mode(settings: Settings, studies: StudyBook) -> Finding:
    """Demonstration or the real thing, and whether the study's documents allow it."""
    part = "study"
    try:
        study = studies.current().study
    except UnknownVersion:
        return failing(part, said("no study is published"), said("Run: portal study publish FOLDER"))
    if settings.demonstration:
        return warning(
            part,
            said("this is a demonstration with invented people"),
            said("Real people need an instance of their own, started without PORTAL_DEMONSTRATION."),
        )
    if study.draft:
        return warning(
            part,
            said("documents of the study are drafts, so nobody can be invited"),
            said("Give each document its approved version and date, then run: portal study publish FOLDER"),
        )
    return ok(part, said("published, IRAS %(number)s", number=study.iras_id))


def sender(settings: Settings) -> Finding:
    """Whether messages leave the machine at all. Whether the server answers is a check of its own."""
    part = "messages"
    if not (settings.smtp_url or settings.notify_email_template or settings.demonstration):
        return failing(
            part,
            said("no mail server is set: messages only become files in the instance's outbox folder"),
            said("Set PORTAL_SMTP_URL (or PORTAL_SMTP_URL_FILE) to the sponsor's mail server, or use GOV.UK Notify."),
        )
    if settings.mail_from.endswith("@example.org") and settings.smtp_url:
        return warning(
            part,
            said("the sender's address is the placeholder"),
            said("Set PORTAL_MAIL_FROM to an address that the mail server may send from."),
        )
    if settings.smtp_url:
        return ok(part, said("a mail server is set"))
    if settings.notify_email_template:
        return ok(part, said("GOV.UK Notify is set"))
    return ok(part, said("files, as fits a demonstration"))
