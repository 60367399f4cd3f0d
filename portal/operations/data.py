"""Checks of what is kept: the database, its schema, what waits in it, keys, backups."""

from collections.abc import Callable
from datetime import datetime, timedelta

from cryptography import x509
from sqlalchemy import func, select, text

from portal.audit.store import AuditEvent
from portal.clock import Clock
from portal.db.engine import Database
from portal.db.errors import StorageUnavailable
from portal.db.migrate import newest, present
from portal.duties import failing as failing_duties
from portal.duties import heartbeat
from portal.messages.domain import FAILURES
from portal.messages.store import OutboxMessage
from portal.operations.domain import Finding, failing, ok, warning
from portal.operations.events import BACKUP_MADE
from portal.recordings.keys.errors import NotReadyToRecord
from portal.recordings.keys.service import KeyService
from portal.sentence import said
from portal.settings import Settings

_SEAL_EXPIRES = timedelta(days=365)
BACKUP_LATE = timedelta(hours=36)
_STUCK = timedelta(hours=1)
_CLOCKS_DIFFER = timedelta(minutes=5)
"""So much between two machines' clocks is not wrong."""


def database(kept: Database) -> Finding:
    """It answers, and SQLite's pages are sound."""
    try:
        with kept.reading() as session:
            if kept.engine.dialect.name == "sqlite":
                answer = str(session.scalar(text("PRAGMA quick_check(1)")))
                if answer != "ok":
                    return failing(
                        "database",
                        said("SQLite finds damage: %(what)s", what=answer),
                        said("Stop the portal and restore a backup."),
                    )
            session.execute(text("SELECT 1"))
    except StorageUnavailable as error:
        return failing(
            "database", said("%(why)s", why=error), said("See whether the database runs, and whether its disk is full.")
        )
    return ok("database", said("%(name)s answers", name=kept.engine.dialect.name))


def schema(kept: Database) -> Finding:
    """It has the schema that this version of the portal needs."""
    there, needed = present(kept), newest()
    if there != needed:
        return failing(
            "schema", said("the database is at %(there)s, this version needs %(needed)s", there=there, needed=needed),
            said("Restart every part of the portal from the same version."),
        )  # fmt: skip
    return ok("schema", said("up to date (%(version)s)", version=needed))


def worker(kept: Database, clock: Clock) -> Finding:
    """The worker shows signs of life."""
    age = heartbeat.age(kept, clock)
    if age is not None and age < heartbeat.LATE:
        return ok("worker", said("it runs"))
    unseen = said("it was not seen yet")
    if age is not None:
        unseen = said("it was not seen for %(seconds)s seconds", seconds=int(age.total_seconds()))
    return failing(
        "worker", unseen, said("Start it: portal worker. Without it no message leaves and nothing is sealed.")
    )


def duties(kept: Database, clock: Clock) -> Finding:
    """What the worker has to do succeeds: sealing, sending, erasing, backing up."""
    late = {name: at for name, at in failing_duties.since(kept).items() if clock() - at >= failing_duties.PATIENCE}
    if late:
        since = "; ".join(f"{name} ({at:%Y-%m-%d %H:%M} UTC)" for name, at in late.items())
        return failing(
            "duties",
            said("the worker fails at, since: %(duties)s", duties=since),
            said("Look into the log of the worker for what stands in the way. It tries again by itself."),
        )
    return ok("duties", said("no duty of the worker fails"))


def outbox(kept: Database, clock: Clock) -> Finding:
    """Messages leave in time."""
    waiting = select(func.count()).where(OutboxMessage.closed_at.is_(None), OutboxMessage.due_at <= clock() - _STUCK)
    given_up = select(func.count()).where(OutboxMessage.outcome.in_(FAILURES), OutboxMessage.settled_at.is_(None))
    with kept.reading() as session:
        stuck, lost = session.scalar(waiting) or 0, session.scalar(given_up) or 0
    if stuck:
        return failing(
            "outbox",
            said("%(count)s messages are more than an hour late", count=stuck),
            said("See the mail server's check above."),
        )
    if lost:
        return warning(
            "outbox",
            said("%(count)s messages were given up", count=lost),
            said("See the page of undelivered messages."),
        )
    return ok("outbox", said("no message is late"))


def seal(settings: Settings, clock: Clock) -> Finding:
    """The sealing certificate outlives the receipts."""
    from_file = settings.instance / "keys" / "seal-certificate.pem"
    try:
        certificate = x509.load_pem_x509_certificate(from_file.read_bytes())
    except (OSError, ValueError):
        return warning(
            "sealing key",
            said("there is no certificate yet"),
            said("It is made with the first receipt; after that, restore it."),
        )
    until = certificate.not_valid_after_utc
    if until - clock() < _SEAL_EXPIRES:
        return warning(
            "sealing key", said("its certificate ends on %(day)s", day=f"{until:%Y-%m-%d}"),
            said("Get a new PKCS#12 file and set PORTAL_SEAL_PKCS12. Keep the old certificate: old receipts need it."),
        )  # fmt: skip
    return ok("sealing key", said("its certificate is valid until %(day)s", day=f"{until:%Y-%m-%d}"))


def backups(kept: Database, clock: Clock) -> Finding:
    """A backup was made lately."""
    with kept.reading() as session:
        # One of a day to come was made while the clock was wrong, and says nothing of the nights since.
        past = AuditEvent.kind == BACKUP_MADE.name, AuditEvent.at <= clock() + _CLOCKS_DIFFER
        made = session.scalar(select(func.max(AuditEvent.at)).where(*past))
    remedy = said("Set PORTAL_BACKUP_TO to a folder on another disk, or run: portal backup --to FOLDER")
    if made is None:
        return warning("backups", said("no backup was ever made"), remedy)
    newest = said("the newest is of %(moment)s UTC", moment=f"{made:%Y-%m-%d %H:%M}")
    return failing("backups", newest, remedy) if clock() - made > BACKUP_LATE else ok("backups", newest)


def newest_event(kept: Database) -> Callable[[], datetime | None]:
    """When the newest event of the audit trail was recorded."""

    def ask() -> datetime | None:
        with kept.reading() as session:
            return session.scalar(select(AuditEvent.at).order_by(AuditEvent.seq.desc()).limit(1))

    return ask


def recording_keys(keys: KeyService) -> Finding:
    """Somebody could open the next recording, and the recovery key is among them."""
    try:
        found = keys.recipients_now()
    except NotReadyToRecord as error:
        return warning("recording keys", said("nothing can be recorded yet"), error.said)
    return ok("recording keys", said("%(count)s of the team, and the recovery key", count=len(found.members)))


def media(healthy: Callable[[], str]) -> Finding:
    """The media process answers."""
    state = healthy()
    if state == "ok":
        return ok("media", said("it runs"))
    return failing(
        "media",
        said("it does not answer (%(state)s)", state=state),
        said("Start it: portal media. Without it nobody can join an interview."),
    )
