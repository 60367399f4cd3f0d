"""What the worker writes down about messages: who has it, that it is being handed over, how it ended."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from portal.clock import Clock
from portal.db.engine import Database
from portal.messages.domain import FAILURES, Channel, Outcome
from portal.messages.kinds import kind
from portal.messages.store import OutboxMessage

TRIES = 12
BATCH = 50
_LEASE = timedelta(minutes=2)
_CUT_OFF_AFTER = timedelta(minutes=10)
_LONGEST_WAIT = timedelta(hours=12)
Lately = Counter[tuple[str | None, str]]
"""How many messages of a kind somebody was sent in the span that the kind's cap speaks of."""


@dataclass(frozen=True)
class Entry:
    """How one message stands after its turn."""

    row: OutboxMessage
    outcome: Outcome | None = None
    """None: it is tried again."""
    channel: Channel | None = None
    address_digest: bytes | None = None
    held_until: datetime | None = None
    """For one that was not to blame: its try does not count."""
    due_at: datetime | None = None
    """For one that was not tried: when it is safe."""

    def values(self, now: datetime) -> Mapping[str, object]:
        """The row's new values. `row.tries` counts the present try."""
        more: dict[str, object] = {"leased_until": None, "channel": self.channel, "address_digest": self.address_digest}
        if self.due_at:
            return {**more, "due_at": self.due_at}
        if self.held_until:
            tries = self.row.tries - (self.row.handed_at is not None)
            return {**more, "leased_until": self.held_until, "handed_at": None, "tries": tries}
        outcome = self.outcome or (Outcome.EXHAUSTED if self.row.tries >= TRIES else None)
        if outcome is None:
            wait = min(timedelta(minutes=2**self.row.tries), _LONGEST_WAIT)
            return {**more, "handed_at": None, "due_at": now + wait}
        kept = {} if outcome in FAILURES else dict.fromkeys(("recipient", "context", "attachments"))
        return {**more, **kept, "closed_at": now, "outcome": outcome}


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
        query = select(OutboxMessage).where(*waiting).order_by(OutboxMessage.due_at, OutboxMessage.id).limit(BATCH)
        with self._database.transaction() as session:
            rows = session.scalars(query.with_for_update(skip_locked=True)).all()
            ids = [row.id for row in rows]
            session.execute(update(OutboxMessage).where(OutboxMessage.id.in_(ids)).values(leased_until=now + _LEASE))
        return rows

    def lately(self, rows: Sequence[OutboxMessage]) -> Lately:
        """What those of the batch were sent of the same kinds lately."""
        found: Lately = Counter()
        with self._database.reading() as session:
            for name in sorted({row.template for row in rows}):
                subjects = {row.subject for row in rows if row.template == name and row.subject}
                sent = (
                    select(OutboxMessage.subject, func.count())
                    .where(
                        OutboxMessage.subject.in_(subjects), OutboxMessage.template == name,
                        OutboxMessage.outcome == Outcome.SENT,
                        OutboxMessage.closed_at > self._clock() - kind(name).cap.within,
                    )
                    .group_by(OutboxMessage.subject)
                )  # fmt: skip
                found.update({(subject, name): count for subject, count in session.execute(sent)})
        return found

    def release(self, ids: Collection[int]) -> None:
        """Give back what was not begun."""
        if ids:
            with self._database.transaction() as session:
                session.execute(update(OutboxMessage).where(OutboxMessage.id.in_(ids)).values(leased_until=None))

    def hand_over(self, rows: Sequence[OutboxMessage], before: Sequence[Entry]) -> list[OutboxMessage]:
        """Note how the ones before ended, and that these are being handed over now; all at once.

        Gives those that are to go: one that was taken back in the meantime is not.
        """
        now = self._clock()
        with self._database.transaction() as session:
            self._enter(session, before)
            go = (
                update(OutboxMessage)
                .where(
                    OutboxMessage.id.in_([row.id for row in rows]), OutboxMessage.closed_at.is_(None),
                    OutboxMessage.handed_at.is_(None),
                )
                .values(handed_at=now, tries=OutboxMessage.tries + 1)
                .returning(OutboxMessage.id)
            )  # fmt: skip
            marked = set(session.scalars(go, execution_options={"synchronize_session": False}))
        going = [row for row in rows if row.id in marked]
        for row in going:
            row.handed_at, row.tries = now, row.tries + 1
        return going

    def enter(self, entries: Sequence[Entry]) -> None:
        """Note how they ended."""
        if entries:
            with self._database.transaction() as session:
                self._enter(session, entries)

    def _enter(self, session: Session, entries: Sequence[Entry]) -> None:
        now, sent = self._clock(), defaultdict[Channel | None, list[Entry]](list)
        for entry in entries:
            if entry.outcome is Outcome.SENT:
                sent[entry.channel].append(entry)  # all with the same values
            else:
                self._write(session, [entry], entry.values(now))
        for alike in sent.values():
            self._write(session, alike, alike[0].values(now))

    def _write(self, session: Session, entries: Sequence[Entry], values: Mapping[str, object]) -> None:
        ids = [entry.row.id for entry in entries]
        session.execute(
            update(OutboxMessage).where(OutboxMessage.id.in_(ids), OutboxMessage.closed_at.is_(None)).values(values),
            execution_options={"synchronize_session": False},
        )
