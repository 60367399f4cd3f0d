"""The doctor's parts in words."""

from portal.sentence import said
from portal.web.i18n import in_words

PARTS = {
    "public address": said("Public address"),
    "study": said("Study"),
    "messages": said("Messages"),
    "disk": said("Disk"),
    "permissions": said("Files' permissions"),
    "copies": said("Left-over copies"),
    "clock": said("Clock"),
    "database": said("Database"),
    "schema": said("Database's schema"),
    "worker": said("Worker"),
    "duties": said("Worker's duties"),
    "media": said("Media process"),
    "mail server": said("Mail server"),
    "outbox": said("Outbox"),
    "sealing key": said("Sealing key"),
    "recording keys": said("Recording keys"),
    "relay": said("Relay"),
    "TLS certificate": said("TLS certificate"),
    "backups": said("Backups"),
    "recordings": said("Recordings"),
}


def part_name(part: str) -> str:
    """What a part is called on the page."""
    return in_words(PARTS[part]) if part in PARTS else part
