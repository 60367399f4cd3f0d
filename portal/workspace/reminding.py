"""Tells the team by e-mail what waits for a decision in the workspace, once for each thing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from portal.db.engine import Database
from portal.team.notices import TeamNotices
from portal.web.scopes import Permission


@dataclass(frozen=True)
class Pending:
    """Something that waits."""

    template: str
    """One of the messages `team_…`."""
    key: str
    """Names the occasion, such as "team-key:3"."""
    permission: Permission
    """Who can deal with it."""
    site: str | None = None
    """Of the participant concerned, if there is one."""


PendingSource = Callable[[], Iterable[Pending]]
"""What waits in one feature now."""


class Reminding:
    """A duty. Run it twice, and nobody is told twice."""

    def __init__(self, database: Database, notices: TeamNotices, sources: Sequence[PendingSource]) -> None:
        self._database = database
        self._notices = notices
        self._sources = sources

    def run(self) -> int:
        """Gives how much waits."""
        found = [one for source in self._sources for one in source()]
        if found:
            with self._database.transaction() as session:
                for one in found:
                    self._notices.tell(session, one.template, key=one.key, permission=one.permission, site=one.site)
        return len(found)
