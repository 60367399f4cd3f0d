"""The doctor's parts in words."""

from flask_babel import lazy_gettext as _l

PARTS = {
    "public address": _l("Public address"),
    "study": _l("Study"),
    "messages": _l("Messages"),
    "disk": _l("Disk"),
    "permissions": _l("Files' permissions"),
    "clock": _l("Clock"),
    "database": _l("Database"),
    "schema": _l("Database's schema"),
    "worker": _l("Worker"),
    "media": _l("Media process"),
    "mail server": _l("Mail server"),
    "outbox": _l("Outbox"),
    "sealing key": _l("Sealing key"),
    "recording keys": _l("Recording keys"),
    "relay": _l("Relay"),
    "TLS certificate": _l("TLS certificate"),
    "backups": _l("Backups"),
    "recordings": _l("Recordings"),
}


def part_name(part: str) -> str:
    """What a part is called on the page."""
    return str(PARTS.get(part, part))
