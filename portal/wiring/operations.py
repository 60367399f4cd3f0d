"""The doctor's checks, in the order in which somebody would mend things."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db import snapshot
from portal.db.engine import Database
from portal.operations import configuration, data, machine, network
from portal.operations.alarms import Alarms
from portal.operations.backup import Backups
from portal.operations.domain import Check
from portal.operations.metrics import Metrics
from portal.operations.mirror import Destroyed, Mirror
from portal.operations.relay import relay
from portal.operations.service import Doctor
from portal.recordings.age import Recipient
from portal.recordings.keys.domain import KeyKind, Standing
from portal.recordings.keys.service import KeyService
from portal.rooms.turn import Relay
from portal.settings import Settings
from portal.study.errors import UnknownVersion
from portal.study.service import StudyBook
from portal.team.notices import TeamNotices


@dataclass(frozen=True)
class Parts:
    """What the checks look at."""

    settings: Settings
    database: Database
    clock: Clock
    studies: StudyBook
    keys: KeyService
    media: Callable[[], str]
    relay: Relay
    recordings: Check


def build_doctor(parts: Parts) -> Doctor:
    """Every check of this deployment."""
    settings, database, clock = parts.settings, parts.database, parts.clock
    return Doctor(
        (
            ("public address", lambda: configuration.address(settings)),
            ("study", lambda: configuration.mode(settings, parts.studies)),
            ("messages", lambda: configuration.sender(settings)),
            ("disk", lambda: machine.disk(settings.instance)),
            ("permissions", lambda: machine.permissions(settings.instance)),
            ("copies", lambda: machine.copies(settings.instance, clock)),
            ("clock", lambda: machine.clock_runs(clock, data.newest_event(database))),
            ("database", lambda: data.database(database)),
            ("schema", lambda: data.schema(database)),
            ("worker", lambda: data.worker(database, clock)),
            ("duties", lambda: data.duties(database, clock)),
            ("media", lambda: data.media(parts.media)),
            ("mail server", lambda: network.mail(settings)),
            ("outbox", lambda: data.outbox(database, clock)),
            ("sealing key", lambda: data.seal(settings, clock)),
            ("recording keys", lambda: data.recording_keys(parts.keys)),
            ("relay", lambda: relay(parts.relay, clock(), alone=_relay_alone(parts.studies))),
            ("TLS certificate", lambda: network.tls(settings, clock)),
            ("backups", lambda: data.backups(database, clock)),
            ("recordings", parts.recordings),
        )
    )


def _relay_alone(studies: StudyBook) -> bool:
    try:
        return studies.current().study.interview_room.relay_only
    except UnknownVersion:
        return False


def copy_before_upgrade(database_url: str, instance: Path, revision: str) -> None:
    """Keep the database as it was before its schema changes. Raises SnapshotFailed, and nothing is changed."""
    folder = instance / "before-upgrade" / revision
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    snapshot.take(database_url, folder)


def build_operations(parts: Parts, audit: AuditLog, notices: TeamNotices, destroyed: Destroyed) -> tuple[object, ...]:
    """What running the portal needs: the doctor, alarms, figures, backups encrypted to the study's recovery key."""
    settings, database, clock = parts.settings, parts.database, parts.clock
    doctor = build_doctor(parts)
    mirror = Mirror(settings.instance / "vault", destroyed)
    return (
        doctor,
        Alarms(database, clock, doctor, notices),
        Metrics(database, clock, settings.instance),
        Backups(settings, database, clock, audit, lambda: _recovery(parts.keys), mirror),
    )


def _recovery(keys: KeyService) -> list[Recipient]:
    """The newest recovery key in use, if there is one."""
    used = [one for one in keys.all() if one.kind is KeyKind.RECOVERY and one.standing is Standing.IN_USE]
    return [one.recipient for one in used[-1:]]
