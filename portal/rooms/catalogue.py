"""Turns the media process's journals into facts: who came when, and what was recorded."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Exists, exists, func, select
from sqlalchemy.orm import Session, aliased

from portal.audit.domain import Actor, EventKind
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.each import each
from portal.rooms import events
from portal.rooms.domain import AFTER_HOURS
from portal.rooms.store import RoomEventRow, RoomRow
from portal.rooms.tickets import Role

log = structlog.get_logger(__name__)
SETTLED = timedelta(hours=1)
"""How long after nobody can be in a room any more its journal is still looked at."""
UNREADABLE = "unreadable"
_COMES, _GONE = "joined", ("cleared", "put_away", "ended")
_LONGEST_DETAIL = 1000
_AUDITED: dict[str, EventKind] = {
    "admitted": events.ADMITTED,
    "recording_started": events.RECORDING_STARTED,
    "recording_paused": events.RECORDING_PAUSED,
    "recording_resumed": events.RECORDING_RESUMED,
    "recording_stopped": events.RECORDING_STOPPED,
    "recording_failed": events.RECORDING_FAILED,
}


@dataclass(frozen=True)
class RoomEvent:
    """Something that happened in a room, as the media process wrote it down."""

    at: datetime
    kind: str
    detail: Mapping[str, object]


def was_let_in() -> Exists:
    """For queries of RoomRow: its participant was let in, and not everybody was put out since, so that the interview
    could be at another time.
    """
    later = aliased(RoomEventRow)
    cleared = exists().where(
        later.room_id == RoomEventRow.room_id, later.kind == "cleared", later.line > RoomEventRow.line
    )
    return exists().where(
        RoomEventRow.room_id == RoomRow.id, RoomEventRow.kind == "admitted",
        RoomEventRow.detail.contains(f'"{Role.PARTICIPANT}"'), ~cleared,
    )  # fmt: skip


class RoomCatalogue:
    """The only reader of journals."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, folder: Path) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._folder = folder

    def run(self) -> int:
        """The duty: take over new lines; gives their number. May be stopped anywhere and run again."""
        query = select(RoomRow.id, RoomRow.code).where(RoomRow.catalogued_at.is_(None))
        with self._database.reading() as session:
            rooms = session.execute(query).all()
        return each(rooms, lambda one: self._take(one.id, self._folder / f"{one.code}.jsonl"))

    def events(self, room_id: int) -> list[RoomEvent]:
        """What happened in a room, in order."""
        query = select(RoomEventRow).where(RoomEventRow.room_id == room_id).order_by(RoomEventRow.line)
        with self._database.reading() as session:
            return [RoomEvent(row.at, row.kind, json.loads(row.detail)) for row in session.scalars(query)]

    def in_use(self, room_id: int) -> bool:
        """Whether somebody has come into the room since everybody was put out of it, or was gone from it, last."""
        query = select(RoomEventRow.kind).where(
            RoomEventRow.room_id == room_id, RoomEventRow.kind.in_((_COMES, *_GONE))
        )
        with self._database.reading() as session:
            return session.scalar(query.order_by(RoomEventRow.line.desc()).limit(1)) == _COMES

    def let_in(self, room_id: int) -> bool:
        """As `was_let_in`, of one room."""
        with self._database.reading() as session:
            return session.scalar(select(RoomRow.id).where(RoomRow.id == room_id, was_let_in())) is not None

    def _take(self, room_id: int, journal: Path) -> int:
        lines = _whole_lines(journal)
        with self._database.transaction() as session:
            row = session.get_one(RoomRow, room_id, with_for_update=True)
            query = select(func.count()).select_from(RoomEventRow).where(RoomEventRow.room_id == room_id)
            known = session.scalar(query) or 0
            for number, line in enumerate(lines[known:], known + 1):
                self._keep(session, row, number, line)
            if (row.ended_at or row.closes_at + AFTER_HOURS) + SETTLED < self._clock():
                row.catalogued_at = self._clock()
        return max(len(lines) - known, 0)

    def _keep(self, session: Session, row: RoomRow, number: int, line: bytes) -> None:
        event = _read(line)
        if event is None:
            log.warning("a line of a room's journal cannot be read", room=row.id, line=number)
            event = RoomEvent(self._clock(), UNREADABLE, {})
        detail = json.dumps(event.detail)
        session.add(RoomEventRow(room_id=row.id, line=number, kind=event.kind, detail=detail, at=event.at))
        if event.kind == "ended":
            row.ended_at = row.ended_at or event.at
        kind = _AUDITED.get(event.kind)
        if kind is not None:
            fields = {name: str(event.detail.get(name, "")) for name in kind.fields}
            self._audit.record(session, kind, actor=Actor.system("media"), subject=f"room:{row.id}", **fields)


def _whole_lines(journal: Path) -> list[bytes]:
    """The lines that are written whole: the last one may be half way to the disk."""
    try:
        return journal.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []


def _read(line: bytes) -> RoomEvent | None:
    try:
        fields = json.loads(line)
        at, kind = datetime.fromisoformat(fields.pop("at")), str(fields.pop("event"))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    fields.pop("room", None)
    if at.tzinfo is None or len(kind) > 40 or len(json.dumps(fields)) > _LONGEST_DETAIL:
        return None
    return RoomEvent(at, kind, fields)
