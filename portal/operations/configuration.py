"""Checks of what a deployment decided: does it make sense for real people?"""

from urllib.parse import urlsplit

from portal.operations.domain import Finding, failing, ok, warning
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
                f"{settings.public_url} is served over https, but no proxy is trusted",
                "Set PORTAL_TRUSTED_PROXIES to the number of proxies in front, or rate limits count everybody as one.",
            )
        return ok(part, settings.public_url)
    if urlsplit(settings.public_url).hostname in _HERE:
        return warning(
            part,
            "only this machine can reach the portal",
            "Put a TLS proxy in front and set PORTAL_PUBLIC_URL=https://… before anybody is invited.",
        )
    return failing(
        part,
        "people reach the portal without encryption",
        "Put a TLS proxy in front and set PORTAL_PUBLIC_URL=https://…",
    )


def mode(settings: Settings, studies: StudyBook) -> Finding:
    """Demonstration or the real thing, and whether the study's documents allow it."""
    part = "study"
    try:
        study = studies.current().study
    except UnknownVersion:
        return failing(part, "no study is published", "Run: portal study publish FOLDER")
    if settings.demonstration:
        return warning(
            part,
            "this is a demonstration with invented people",
            "Real people need an instance of their own, started without PORTAL_DEMONSTRATION.",
        )
    if study.draft:
        return warning(
            part,
            "documents of the study are drafts, so nobody can be invited",
            "Give each document its approved version and date, then run: portal study publish FOLDER",
        )
    return ok(part, f"published, IRAS {study.iras_id}")


def sender(settings: Settings) -> Finding:
    """Whether messages leave the machine at all. Whether the server answers is a check of its own."""
    part = "messages"
    if not (settings.smtp_url or settings.notify_email_template or settings.demonstration):
        return failing(
            part,
            "no mail server is set: messages only become files in the instance's outbox folder",
            "Set PORTAL_SMTP_URL (or PORTAL_SMTP_URL_FILE) to the sponsor's mail server, or use GOV.UK Notify.",
        )
    if settings.mail_from.endswith("@example.org") and settings.smtp_url:
        return warning(
            part,
            "the sender's address is the placeholder",
            "Set PORTAL_MAIL_FROM to an address that the mail server may send from.",
        )
    if settings.smtp_url:
        return ok(part, "a mail server is set")
    return ok(part, "GOV.UK Notify is set" if settings.notify_email_template else "files, as fits a demonstration")
