"""Duties that fail, kept where every process finds them: what is only logged, nobody hears of."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from portal.clock import Clock
from portal.db.engine import Database
from portal.duties.store import HeartbeatRow

PATIENCE = timedelta(minutes=15)
"""A mail server or a network that is away for less is nobody's business."""
_PREFIX, _LONGEST = "failed: ", 40


def note(database: Database, clock: Clock, duty: str, *, well: bool) -> None:
    """How the duty's newest turn ended. The first failure of a row of them is kept. Raises StorageUnavailable."""
    name = f"{_PREFIX}{duty}"[:_LONGEST]
    with database.transaction() as session:
        if well:
            session.execute(delete(HeartbeatRow).where(HeartbeatRow.name == name))
        elif session.get(HeartbeatRow, name) is None:
            session.add(HeartbeatRow(name=name, at=clock()))


def since(database: Database) -> Mapping[str, datetime]:
    """The duties whose newest turn failed, and since when none succeeded."""
    query = select(HeartbeatRow).where(HeartbeatRow.name.startswith(_PREFIX)).order_by(HeartbeatRow.at)
    with database.reading() as session:
        return {row.name.removeprefix(_PREFIX): row.at for row in session.scalars(query)}
