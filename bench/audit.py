"""Verify a trail of 200,000 events on SQLite and PostgreSQL, against reading the same rows and no more."""

import json
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, text, update

from portal.audit.chain import GENESIS
from portal.audit.domain import Event
from portal.audit.service import AuditLog
from portal.audit.store import AuditEvent, AuditHead
from portal.clock import now
from portal.db.engine import Database
from portal.settings import Settings
from portal.wiring import open_database
from tests.support.databases import temporary_cluster

EVENTS = 200_000
GOAL = 100_000
ROUNDS = 3


def fill(database: Database) -> None:
    """A trail such as a study's: consents, answers, sign-ins."""
    at, previous, rows = datetime(2026, 11, 24, tzinfo=UTC), GENESIS, []
    for seq in range(1, EVENTS + 1):
        at += timedelta(seconds=7, microseconds=seq)
        fields = {"reference": f"C-{seq:012}", "form": f"{seq:064x}", "sheet": f"{seq:064x}", "version": "1.0"}
        event = Event(
            seq, at, "consent.given", f"participant:C-{seq % 9999:04}", f"participant:C-{seq % 9999:04}", fields
        )
        previous = event.hash(previous)
        rows.append(
            {"seq": seq, "at": at, "kind": event.kind, "actor": event.actor, "subject": event.subject, "fields": fields,
             "hash": previous}
        )  # fmt: skip
    with database.transaction() as session:
        for start in range(0, EVENTS, 5000):
            session.execute(insert(AuditEvent), rows[start : start + 5000])
        session.execute(update(AuditHead).values(seq=EVENTS, hash=previous))


def rate(act) -> float:
    """The best of some rounds, in events a second: neighbours on the machine only ever slow it down."""
    best = 0.0
    for _ in range(ROUNDS):
        start = time.perf_counter()
        act()
        best = max(best, EVENTS / (time.perf_counter() - start))
    return best


def measure(database: Database) -> dict[str, int]:
    """Events a second: verified, and merely read."""
    fill(database)
    log = AuditLog(database, now)
    verdict = log.verify()
    assert (verdict.problem, verdict.events) == (None, EVENTS)

    def read() -> None:
        with database.reading() as session:
            columns = "seq, at, kind, actor, subject, fields, hash"
            statement = text(f"SELECT {columns} FROM audit_event ORDER BY seq")
            for _row in session.execute(statement, execution_options={"yield_per": 2000}):
                pass

    return {"verified": round(rate(log.verify)), "read": round(rate(read))}


def main() -> None:
    """Print what was measured."""
    folder = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    found = {}
    try:
        with temporary_cluster() as cluster:
            cluster.execute("CREATE DATABASE bench")
            for name, url in (("sqlite", ""), ("postgresql", cluster.url("bench"))):
                database = open_database(Settings(instance=folder / name, database_url=url, demonstration=True))
                found[name] = measure(database)
                database.dispose()
    finally:
        shutil.rmtree(folder)
    slowest = min(one["verified"] for one in found.values())
    print(
        json.dumps(
            {
                "name": "audit", "figure": slowest, "unit": "events/s", "events": EVENTS, **found,
                "against": "reading the same rows and doing nothing with them", "goal": GOAL, "met": slowest >= GOAL,
            }
        )
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
