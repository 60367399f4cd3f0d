"""Figures for Prometheus, asked of the database at each scrape, so that any number of processes tell the same."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import Select, func, select

from portal.audit.store import AuditEvent, AuditHead
from portal.clock import Clock
from portal.consent.store import ConsentRow, WithdrawalRow
from portal.db.engine import Database
from portal.duties import failing, heartbeat
from portal.duties.store import HeartbeatRow
from portal.messages.domain import FAILURES
from portal.messages.store import OutboxMessage
from portal.operations.events import BACKUP_MADE
from portal.people.store import ParticipantRow
from portal.receipts.store import ReceiptRow

_WAITS = OutboxMessage.closed_at.is_(None)
_FAILED = OutboxMessage.outcome.in_(FAILURES), OutboxMessage.settled_at.is_(None)
_COUNTS: tuple[tuple[str, str, Select[Any]], ...] = (
    ("portal_participants", "People invited", select(func.count(ParticipantRow.id))),
    ("portal_consents", "Consents recorded", select(func.count(ConsentRow.id))),
    ("portal_withdrawals", "Withdrawals recorded", select(func.count(WithdrawalRow.id))),
    ("portal_receipts", "Receipts sealed", select(func.count(ReceiptRow.id))),
    ("portal_audit_events", "Events in the audit chain", select(func.max(AuditHead.seq))),
    ("portal_messages_waiting", "Messages not sent yet", select(func.count(OutboxMessage.id)).where(_WAITS)),
    (
        "portal_messages_given_up", "Messages that could not be delivered",
        select(func.count(OutboxMessage.id)).where(*_FAILED),
    ),
)  # fmt: skip


class Metrics(Collector):
    """What to watch of a portal. Counts and ages only: nothing that tells of one person."""

    def __init__(self, database: Database, clock: Clock, instance: Path) -> None:
        self._database = database
        self._clock = clock
        self._instance = instance

    def registry(self) -> CollectorRegistry:
        """For one scrape."""
        made = CollectorRegistry(auto_describe=False)
        made.register(self)
        return made

    def collect(self) -> Iterator[Metric]:
        """Every figure. Raises StorageUnavailable: a scrape that fails is a sign of its own."""
        now = self._clock()
        with self._database.reading() as session:
            for name, what, query in _COUNTS:
                yield _gauge(name, what, float(session.scalar(query) or 0))
            seen = session.scalar(select(HeartbeatRow.at).where(HeartbeatRow.name == heartbeat.NAME))
            made = AuditEvent.kind == BACKUP_MADE.name, AuditEvent.at <= now
            backup = session.scalar(select(func.max(AuditEvent.at)).where(*made))
        if seen is not None:
            yield _gauge("portal_worker_seen_seconds", "Age of the worker's sign of life", (now - seen).total_seconds())
        if backup is not None:
            yield _gauge("portal_backup_age_seconds", "Age of the newest backup", (now - backup).total_seconds())
        failed = float(len(failing.since(self._database)))
        yield _gauge("portal_duties_failing", "Duties of the worker whose newest turn failed", failed)
        free = shutil.disk_usage(self._instance).free
        yield _gauge("portal_disk_free_bytes", "Room left for the instance folder", float(free))


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, what, value=value)
