"""What members of the team are told by e-mail. The words name nobody: what happened is read after sign-in."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import Clock
from portal.db.engine import Database
from portal.messages.domain import Contact
from portal.messages.service import Outbox
from portal.team.store import StaffRow
from portal.web.scopes import Permission

_PREFIX = "staff:"
_QUARTER = 900
"""Seconds."""
_GRACE = timedelta(seconds=30)
"""For a transaction that promises it at the last moment."""
Audience = Callable[[Permission, str | None], Sequence[int]]
"""Gives the members, by number, who have the permission now and see the site."""


class TeamDirectory:
    """Finds the contacts of "staff:3" and others. Who has left is not found."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, subjects: Sequence[str]) -> Mapping[str, Contact]:
        """The contacts of those subjects that are members."""
        ids = [int(one.removeprefix(_PREFIX)) for one in subjects if one.startswith(_PREFIX)]
        if not ids:
            return {}
        query = select(StaffRow).where(StaffRow.id.in_(ids), StaffRow.closed_at.is_(None))
        with self._database.reading() as session:
            return {
                f"{_PREFIX}{row.id}": Contact("", email=row.email, neutral_name=False) for row in session.scalars(query)
            }


class TeamNotices:
    """Tells everybody who may deal with something."""

    def __init__(self, clock: Clock, outbox: Outbox, audience: Audience) -> None:
        self._clock = clock
        self._outbox = outbox
        self._audience = audience

    def tell(
        self, session: Session, template: str, *, key: str, permission: Permission, site: str | None = None,
        context: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Queue the message for each member who may deal with it now, in the caller's transaction, once by the key.

        Args:
            template: one of the messages `team_…` of `portal.messages.kinds`.
            key: names the occasion, such as "recording-alarm:12"; never a person.
            site: of the participant concerned, if there is one: who may not see her is not told.
        """
        for staff_id in self._audience(permission, site):
            self._outbox.queue(
                session, template=template, to=f"{_PREFIX}{staff_id}", key=f"{key}:staff:{staff_id}", context=context
            )

    def gather(self, session: Session, template: str, *, permission: Permission, site: str | None = None) -> None:
        """As `tell`, but what happens of the kind within a quarter of an hour makes one message, soon after its end."""
        until = datetime.fromtimestamp((self._clock().timestamp() // _QUARTER + 1) * _QUARTER, UTC)
        for staff_id in self._audience(permission, site):
            self._outbox.queue(
                session, template=template, to=f"{_PREFIX}{staff_id}", at=until + _GRACE,
                key=f"{template}:{until:%Y%m%dT%H%M}:staff:{staff_id}",
            )  # fmt: skip
