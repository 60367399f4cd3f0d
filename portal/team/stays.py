"""At which sites a member worked from when to when: what a delegation log is cut by."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.store import AuditEvent
from portal.clock import london_day
from portal.db.engine import Database
from portal.team.events import CHANGED
from portal.team.store import StaffInvitationRow, StaffRow

Sites = frozenset[str] | None
"""None: all of them."""


@dataclass(frozen=True)
class Stay:
    """Days are inclusive; without a last one it lasts."""

    sites: Sites
    since: date
    until: date | None

    def touches(self, sites: Collection[str], first: date, last: date | None) -> bool:
        """Whether it is at one of the sites on one of the days."""
        at = self.sites is None or not self.sites.isdisjoint(sites)
        return at and (last is None or self.since <= last) and (self.until is None or first <= self.until)


def stays(database: Database) -> Mapping[int, list[Stay]]:
    """Everybody's by number, also of those who have left: first as invited, then as somebody changed it, on record."""
    with database.reading() as session:
        joined = _joined(session)
        changes: dict[int, list[tuple[date, Sites]]] = defaultdict(list)
        query = select(AuditEvent).where(AuditEvent.kind == CHANGED.name).order_by(AuditEvent.seq)
        for event in session.scalars(query):
            told = str(event.fields["sites"])
            sites = None if told == "all" else frozenset(told.split(","))
            changes[int(event.subject.partition(":")[2])].append((london_day(event.at), sites))
    return {member: list(_between([first, *changes[member]])) for member, first in joined.items()}


def _joined(session: Session) -> dict[int, tuple[date, Sites]]:
    query = select(StaffRow.id, StaffRow.joined_at, StaffInvitationRow.sites).outerjoin(
        StaffInvitationRow, StaffInvitationRow.staff_id == StaffRow.id
    )
    return {
        number: (london_day(at), None if sites is None else frozenset(sites))
        for number, at, sites in session.execute(query)
    }


def _between(known: list[tuple[date, Sites]]) -> Iterator[Stay]:
    """Each lasts until the day of the next, which is of both."""
    for at, (since, sites) in enumerate(known):
        yield Stay(sites, since, known[at + 1][0] if at + 1 < len(known) else None)
