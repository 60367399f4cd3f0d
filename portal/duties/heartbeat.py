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


def age(database: Database, clock: Clock) -> timedelta | None:
    """How long ago it was seen alive, or None if it never was."""
    with database.reading() as session:
        row = session.get(HeartbeatRow, NAME)
    return None if row is None else clock() - row.at


def state(database: Database, clock: Clock) -> str:
    """ "ok", or since when nothing was seen of it."""
    unseen = age(database, clock)
    if unseen is None:
        return "not seen yet"
    return "ok" if unseen < LATE else f"not seen for {int(unseen.total_seconds())} seconds"
