"""Where a member is signed in, and how she ends what is not hers any more."""

from collections.abc import Sequence

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.db.engine import Database
from portal.team import events
from portal.web.sessions import SessionStore, SignedIn


class Devices:
    """A member's own sessions."""

    def __init__(self, database: Database, audit: AuditLog, sessions: SessionStore) -> None:
        self._database = database
        self._audit = audit
        self._sessions = sessions

    def of(self, staff_id: int) -> Sequence[SignedIn]:
        """Those that still last, the last used first."""
        return self._sessions.of(Actor.staff(staff_id).key)

    def end(self, staff_id: int, *, but: str, only: str | None = None) -> int:
        """End her other sessions; gives how many it ended.

        Args:
            but: the token of the session in which she asks.
            only: end just the one of this name.
        """
        me = Actor.staff(staff_id)
        with self._database.transaction() as session:
            ended = self._sessions.end_others(session, me.key, but=but, only=only)
            if ended:
                self._audit.record(session, events.SESSIONS_ENDED, actor=me, subject=me.key, sessions=ended)
        return ended
