"""What the worker writes down about messages: who has it, that it is being handed over, how it ended."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from portal.clock import Clock
from portal.db.engine import Database
from portal.messages.domain import FAILURES, Channel, Outcome
from portal.messages.kinds import Kind
from portal.messages.store import OutboxMessage

TRIES = 12
_BATCH = 50
_LEASE = timedelta(minutes=2)
_CUT_OFF_AFTER = timedelta(minutes=10)
_LONGEST_WAIT = timedelta(hours=12)


@dataclass(frozen=True)
class Entry:
    """How one message stands after its turn."""

    id: int
    outcome: Outcome | None = None
    """None: it is tried again."""
    channel: Channel | None = None
    address_digest: bytes | None = None
    held_until: datetime | None = None
    """For one that was not to blame: its try does not count."""
    due_at: datetime | None = None
    """For one that was not tried: when it is safe."""


class Ledger:
    """The outbox's rows as the worker changes them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def close_cut_off(self) -> None:
        """Whatever was being handed over when its worker died may have arrived: leave it to the team."""
        now = self._clock()
        cut = OutboxMessage.closed_at.is_(None), OutboxMessage.handed_at < now - _CUT_OFF_AFTER
        with self._database.transaction() as session:
            session.execute(update(OutboxMessage).where(*cut).values(closed_at=now, outcome=Outcome.UNSURE))

    def lease(self) -> Sequence[OutboxMessage]:
        """A batch of what is due, which no other worker takes for two minutes."""
        now = self._clock()
        waiting = (
            OutboxMessage.closed_at.is_(None), OutboxMessage.handed_at.is_(None), OutboxMessage.due_at <= now,
            or_(OutboxMessage.leased_until.is_(None), OutboxMessage.leased_until <= now),
        )  # fmt: skip
        query = select(OutboxMessage).where(*waiting).order_by(OutboxMessage.due_at, OutboxMessage.id).limit(_BATCH)
        with self._database.transaction() as session:
            rows = session.scalars(query.with_for_update(skip_locked=True)).all()
            for row in rows:
                row.leased_until = now + _LEASE
        return rows

    def release(self, ids: Collection[int]) -> None:
        """Give back what was not begun."""
        if ids:
            with self._database.transaction() as session:
                session.execute(update(OutboxMessage).where(OutboxMessage.id.in_(ids)).values(leased_until=None))

    def hand_over(self, row: OutboxMessage, kind: Kind, before: Sequence[Entry]) -> bool:
        """Note how the ones before ended, and that this one is being handed over now; all at once.

        False: it was taken back in the meantime, or she had enough of the kind lately.
        """
        now = self._clock()
        with self._database.transaction() as session:
            self._enter(session, before)
            fresh = session.get_one(OutboxMessage, row.id, with_for_update=True)
            if fresh.closed_at or fresh.handed_at:
                return False
            if self._had_enough(session, row, kind, now):
                fresh.closed_at, fresh.outcome = now, Outcome.CAPPED
                fresh.empty()
                return False
            fresh.handed_at, fresh.tries = now, fresh.tries + 1
        return True

    def enter(self, entries: Sequence[Entry]) -> None:
        """Note how they ended."""
        if entries:
            with self._database.transaction() as session:
                self._enter(session, entries)

    def _enter(self, session: Session, entries: Sequence[Entry]) -> None:
        for entry in entries:
            row = session.get_one(OutboxMessage, entry.id, with_for_update=True)
            if row.closed_at is None:
                self._settle(row, entry)
        session.flush()

    def _settle(self, row: OutboxMessage, entry: Entry) -> None:
        now = self._clock()
        row.leased_until, row.channel, row.address_digest = None, entry.channel, entry.address_digest
        if entry.due_at:
            row.due_at = entry.due_at
            return
        if entry.held_until:
            row.leased_until, row.handed_at, row.tries = entry.held_until, None, max(row.tries - 1, 0)
            return
        outcome = entry.outcome or (Outcome.EXHAUSTED if row.tries >= TRIES else None)
        if outcome is None:
            row.handed_at, row.due_at = None, now + min(timedelta(minutes=2**row.tries), _LONGEST_WAIT)
            return
        row.closed_at, row.outcome = now, outcome
        if outcome not in FAILURES:
            row.empty()

    def _had_enough(self, session: Session, row: OutboxMessage, kind: Kind, now: datetime) -> bool:
        if row.subject is None:
            return False
        lately = select(func.count()).where(
            OutboxMessage.subject == row.subject, OutboxMessage.template == row.template,
            OutboxMessage.outcome == Outcome.SENT, OutboxMessage.closed_at > now - kind.cap.within,
        )  # fmt: skip
        return (session.scalar(lately) or 0) >= kind.cap.most
