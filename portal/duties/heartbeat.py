"""A sign of life of the worker, for the health page."""

from datetime import timedelta

from portal.clock import Clock
from portal.db.engine import Database
from portal.duties.store import HeartbeatRow

NAME = "worker"
LATE = timedelta(seconds=60)


def beat(database: Database, clock: Clock) -> None:
    """The worker is alive now."""
    with database.transaction() as session:
        session.merge(HeartbeatRow(name=NAME, at=clock()))


def state(database: Database, clock: Clock) -> str:
    """ "ok", or since when nothing was seen of it."""
    with database.reading() as session:
        row = session.get(HeartbeatRow, NAME)
    if row is None:
        return "not seen yet"
    age = clock() - row.at
    return "ok" if age < LATE else f"not seen for {int(age.total_seconds())} seconds"
