"""Sign the delegation log, end entries, and tell what is delegated today."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Select, select

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock, london_day
from portal.db.engine import Database
from portal.delegation import events
from portal.delegation.domain import Delegation, Task
from portal.delegation.errors import DaysReversed, DelegationUnknown, NotDelegable
from portal.delegation.store import DelegationEndRow, DelegationRow, as_delegation
from portal.team.domain import Member, Role


class DelegationService:
    """The only writer of the delegation log."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    def log(self) -> list[Delegation]:
        """Every entry, oldest first."""
        with self._database.reading() as session:
            return [as_delegation(row, end) for row, end in session.execute(_entries().order_by(DelegationRow.id))]

    def tasks(self, member: Member) -> frozenset[Task]:
        """What the member may do today. A lead, who delegates, holds every task by her office."""
        if member.role is Role.LEAD:
            return frozenset(Task)
        today = london_day(self._clock())
        with self._database.reading() as session:
            rows = session.execute(_entries().where(DelegationRow.staff_id == member.id)).all()
        return frozenset(one.task for one in (as_delegation(*row) for row in rows) if one.holds_on(today))

    def sign(
        self, member: Member, tasks: Iterable[Task], starts_on: date, ends_on: date | None, *, actor: Actor
    ) -> None:
        """Delegate tasks to a member. The caller has just proved to be the lead.

        Raises:
            DaysReversed, NotDelegable
        """
        if ends_on is not None and ends_on < starts_on:
            raise DaysReversed("the last day is before the first")
        if member.closed or not delegable(member.role):
            raise NotDelegable("the account is closed, or its role has no such task")
        with self._database.transaction() as session:
            for task in tasks:
                entry = self._audit.record(
                    session, events.SIGNED, actor=actor, subject=f"staff:{member.id}", task=task.value,
                    starts_on=starts_on.isoformat(), ends_on=ends_on.isoformat() if ends_on else None,
                )  # fmt: skip
                session.add(
                    DelegationRow(
                        staff_id=member.id, task=task.value, starts_on=starts_on, ends_on=ends_on,
                        signed_by=actor.key, signed_at=entry.at, chain_seq=entry.seq, chain_hash=entry.hash,
                    )
                )  # fmt: skip

    def end(self, delegation_id: int, *, actor: Actor) -> None:
        """Take a task back at once. Raises DelegationUnknown."""
        with self._database.transaction() as session:
            self._audit.take_turn(session)
            found = session.execute(_entries().where(DelegationRow.id == delegation_id)).one_or_none()
            if found is None or found[1] is not None:
                raise DelegationUnknown("no such entry, or ended before")
            row: DelegationRow = found[0]
            entry = self._audit.record(
                session, events.ENDED, actor=actor, subject=f"staff:{row.staff_id}", task=row.task
            )
            session.add(
                DelegationEndRow(
                    delegation_id=row.id, ended_by=actor.key, ended_at=entry.at,
                    chain_seq=entry.seq, chain_hash=entry.hash,
                )
            )  # fmt: skip


def delegable(role: Role) -> bool:
    """Whether the role may be given tasks: one that has none of their permissions can do nothing with them."""
    return role is Role.RESEARCHER


def _entries() -> Select[DelegationRow, DelegationEndRow | None]:
    return select(DelegationRow, DelegationEndRow).outerjoin(
        DelegationEndRow, DelegationEndRow.delegation_id == DelegationRow.id
    )
