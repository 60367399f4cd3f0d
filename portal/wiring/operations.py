"""The doctor's checks, in the order in which somebody would mend things."""

from pathlib import Path

from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db import snapshot
from portal.db.engine import Database
from portal.operations import configuration, data, machine, network
from portal.operations.alarms import Alarms
from portal.operations.backup import Backups, Recipients
from portal.operations.metrics import Metrics
from portal.operations.mirror import Destroyed, Mirror
from portal.operations.service import Doctor
from portal.settings import Settings
from portal.study.service import StudyBook
from portal.team.notices import TeamNotices


def build_doctor(settings: Settings, database: Database, studies: StudyBook, clock: Clock) -> Doctor:
    """Every check of this deployment."""
    return Doctor(
        (
            ("public address", lambda: configuration.address(settings)),
            ("study", lambda: configuration.mode(settings, studies)),
            ("messages", lambda: configuration.sender(settings)),
            ("disk", lambda: machine.disk(settings.instance)),
            ("permissions", lambda: machine.permissions(settings.instance)),
            ("clock", lambda: machine.clock_runs(clock, data.newest_event(database))),
            ("database", lambda: data.database(database)),
            ("schema", lambda: data.schema(database)),
            ("worker", lambda: data.worker(database, clock)),
            ("mail server", lambda: network.mail(settings)),
            ("outbox", lambda: data.outbox(database, clock)),
            ("sealing key", lambda: data.seal(settings, clock)),
            ("TLS certificate", lambda: network.tls(settings, clock)),
            ("backups", lambda: data.backups(database, clock)),
        )
    )


def copy_before_upgrade(database_url: str, instance: Path, revision: str) -> None:
    """Keep the database as it was before its schema changes. Raises SnapshotFailed, and nothing is changed."""
    folder = instance / "before-upgrade" / revision
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    snapshot.take(database_url, folder)


def build_operations(
    settings: Settings,
    database: Database,
    clock: Clock,
    audit: AuditLog,
    studies: StudyBook,
    notices: TeamNotices,
    recipients: Recipients,
    destroyed: Destroyed,
) -> tuple[object, ...]:
    """What running the portal needs: the doctor, figures, backups encrypted to the study's recovery key."""
    mirror = Mirror(settings.instance / "vault", destroyed)
    doctor = build_doctor(settings, database, studies, clock)
    return (
        doctor,
        Alarms(database, clock, doctor, notices),
        Metrics(database, clock, settings.instance),
        Backups(settings, database, clock, audit, recipients, mirror),
    )
