"""Record events in the transaction that does the deed, and prove that none was changed, cut out or cut off."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.chain import Verdict, follow
from portal.audit.domain import Actor, Entry, Event, EventKind, FieldValue
from portal.audit.reading import Filter, Page, kinds, links, page
from portal.audit.store import AuditEvent, AuditHead
from portal.clock import Clock
from portal.db.engine import Database


class AuditLog:
    """The append-only hash chain."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def record(self, session: Session, kind: EventKind, *, actor: Actor, subject: str, **fields: FieldValue) -> Entry:
        """Append an event in the caller's transaction: both are kept, or neither.

        Args:
            subject: what it is about, such as "participant:VIG-0007"; never a name.

        Raises:
            UndeclaredField: the fields are not those that the kind declares.
        """
        kind.check(fields)
        head = session.scalars(select(AuditHead).where(AuditHead.id == 1).with_for_update()).one()
        event = Event(head.seq + 1, self._clock(), kind.name, actor.key, subject, fields)
        digest = event.hash(head.hash)
        session.add(
            AuditEvent(
                seq=event.seq, at=event.at, kind=event.kind, actor=event.actor, subject=subject,
                fields=dict(fields), hash=digest,
            )
        )  # fmt: skip
        head.seq, head.hash = event.seq, digest
        session.flush()
        return Entry(event.seq, digest, event.at)

    def take_turn(self, session: Session) -> None:
        """Let the transactions that record events go one after the other from here, for instance to count."""
        session.execute(select(AuditHead.id).where(AuditHead.id == 1).with_for_update())

    def note(self, kind: EventKind, *, actor: Actor, subject: str, **fields: FieldValue) -> Entry:
        """Record an event that stands alone, such as a sensitive read."""
        with self._database.transaction() as session:
            return self.record(session, kind, actor=actor, subject=subject, **fields)

    def head(self) -> Entry:
        """The chain's last link. Before the first event: sequence 0 and the hash that the first one names."""
        with self._database.reading() as session:
            row = session.get_one(AuditHead, 1)
            return Entry(row.seq, row.hash, self._clock())

    def newest(self, most: int) -> list[Event]:
        """The newest events, newest first."""
        with self._database.reading() as session:
            rows = session.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(most))
            return [row.as_event() for row in rows]

    def page(self, wanted: Filter, before: int | None, size: int) -> Page:
        """Events that somebody looks for, newest first, beginning below a number."""
        with self._database.reading() as session:
            return page(session, wanted, before, size)

    def kinds(self) -> list[str]:
        """Every kind of event that the trail holds."""
        with self._database.reading() as session:
            return kinds(session)

    def verify(self, anchors: Mapping[int, str] | None = None) -> Verdict:
        """Recompute the chain.

        Args:
            anchors: hashes known from outside, by sequence number (receipts and signed checkpoints carry them): they
                reveal a chain that was cut off or rewritten as a whole.
        """
        with self._database.reading() as session:
            verdict = follow(links(session), anchors or {})
            head = session.get_one(AuditHead, 1)
        if verdict.problem is None and (head.seq, head.hash) != (verdict.events, verdict.head):
            what = f"the chain ends at event {verdict.events} but its head says {head.seq}"
            return Verdict(verdict.events, verdict.head, what)
        return verdict
