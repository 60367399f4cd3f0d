"""Where somebody is signed in, and how she ends what is not hers any more."""

from collections.abc import Sequence

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.db.engine import Database
from portal.devices import events
from portal.people.domain import Participant
from portal.web.sessions import SessionStore, SignedIn


class Devices:
    """One's own sessions, a participant's or a member's."""

    def __init__(self, database: Database, audit: AuditLog, sessions: SessionStore) -> None:
        self._database = database
        self._audit = audit
        self._sessions = sessions

    def of(self, principal: str) -> Sequence[SignedIn]:
        """Those that still last, the last used first.

        Args:
            principal: "participant:12" or "staff:3".
        """
        return self._sessions.of(principal)

    def end_member_s(self, staff_id: int, *, but: str, only: str | None = None) -> int:
        """End a member's other sessions; gives how many it ended.

        Args:
            but: the token of the session in which she asks.
            only: end just the one of this name.
        """
        me = Actor.staff(staff_id)
        with self._database.transaction() as session:
            ended = self._sessions.end_others(session, me.key, but=but, only=only)
            if ended:
                self._audit.record(session, events.MEMBER_SESSIONS_ENDED, actor=me, subject=me.key, sessions=ended)
        return ended

    def end_participant_s(self, person: Participant, *, but: str, only: str | None = None) -> int:
        """The same of a participant's."""
        me = Actor.participant(person.study_id)
        with self._database.transaction() as session:
            ended = self._sessions.end_others(session, f"participant:{person.id}", but=but, only=only)
            if ended:
                self._audit.record(
                    session, events.PARTICIPANT_SESSIONS_ENDED, actor=me, subject=person.subject, sessions=ended
                )
        return ended
