"""Ask the team, answer, and tell each other that something waits."""

import hashlib
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.orm import Session

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.db.personal import personal
from portal.enquiries import events
from portal.enquiries.domain import A_DAY, DAY, Post, Thread
from portal.enquiries.errors import TooMany
from portal.enquiries.store import EnquiryRow
from portal.messages.service import Outbox
from portal.people.domain import Participant
from portal.people.store import ParticipantRow, lock
from portal.team.notices import TeamNotices
from portal.web.scopes import Permission

Wanting = Callable[[], Iterable[Participant]]
"""Gives those who agreed to be told of the results and have not changed their minds."""
_HERS = EnquiryRow.staff_id.is_(None)
_WAITS = _HERS, EnquiryRow.settled_at.is_(None)
_UNREAD = select(func.count()).where(
    EnquiryRow.participant_id == bindparam("participant"), ~_HERS, EnquiryRow.seen_at.is_(None)
)
_NEVER = datetime.max.replace(tzinfo=UTC)


class EnquiryService:
    """Every conversation."""

    def __init__(
        self, database: Database, clock: Clock, audit: AuditLog, outbox: Outbox, notices: TeamNotices,
        wanting_results: Wanting,
    ) -> None:  # fmt: skip
        self._database = database
        self._clock = clock
        self._audit = audit
        self._outbox = outbox
        self._notices = notices
        self._wanting_results = wanting_results

    def ask(self, person: Participant, text: str, about: str = "") -> None:
        """A participant writes to the team. Raises TooMany."""
        now = self._clock()
        with self._database.transaction() as session:
            lock(session, person.id)
            lately = select(func.count()).where(
                EnquiryRow.participant_id == person.id, _HERS, EnquiryRow.at > now - DAY
            )
            if (session.scalar(lately) or 0) >= A_DAY:
                raise TooMany(f"{A_DAY} messages within a day")
            self._add(session, person, text, about=about)
            actor = Actor.participant(person.study_id)
            self._audit.record(session, events.ASKED, actor=actor, subject=person.subject)
            self._notices.gather(session, "team_message", permission=Permission.ENQUIRIES, site=person.site)

    def mine(self, person: Participant) -> list[Post]:
        """Her conversation, oldest first; from now on the team's messages count as read."""
        with self._database.transaction() as session:
            posts = self._posts(session, person)
            self._see(session, EnquiryRow.participant_id == person.id, ~_HERS)
        return posts

    def unread(self, participant_id: int) -> int:
        """How many messages of the team she has not read."""
        with self._database.reading() as session:
            return session.scalar(_UNREAD, {"participant": participant_id}) or 0

    def threads(self, sites: Collection[str] | None = None) -> list[Thread]:
        """The conversations of the sites (None: all), those first that have waited longest for an answer."""
        waits, since = func.count().filter(*_WAITS), func.min(EnquiryRow.at).filter(*_WAITS)
        query = (
            select(ParticipantRow.study_id, waits, func.max(EnquiryRow.at), since)
            .join(EnquiryRow, EnquiryRow.participant_id == ParticipantRow.id)
            .where(_of_sites(sites))
            .group_by(ParticipantRow.study_id)
        )
        with self._database.reading() as session:
            found = [Thread(*row) for row in session.execute(query)]
        return sorted(found, key=lambda one: (one.waits_since or _NEVER, -one.newest_at.timestamp()))

    def waiting(self, sites: Collection[str] | None = None) -> int:
        """How many conversations wait for an answer."""
        return sum(one.waiting > 0 for one in self.threads(sites))

    def read(self, person: Participant, *, actor: Actor) -> list[Post]:
        """A conversation for a member of the team, on record; from now on hers count as read."""
        with self._database.transaction() as session:
            self._audit.record(session, events.READ, actor=actor, subject=person.subject)
            posts = self._posts(session, person)
            self._see(session, EnquiryRow.participant_id == person.id, _HERS)
        return posts

    def answer(self, person: Participant, text: str, *, staff_id: int) -> None:
        """A member answers; what she asked is settled, and she is told discreetly that something waits."""
        with self._database.transaction() as session:
            row = self._add(session, person, text, staff_id=staff_id)
            self._settle(session, person)
            self._audit.record(session, events.ANSWERED, actor=Actor.staff(staff_id), subject=person.subject)
            self._outbox.queue(session, template="message_waiting", to=person.subject, key=f"enquiry:{row.id}:answer")

    def set_aside(self, person: Participant, *, actor: Actor) -> None:
        """What she wrote needs no answer, or got one by telephone."""
        with self._database.transaction() as session:
            self._settle(session, person)
            self._audit.record(session, events.SET_ASIDE, actor=actor, subject=person.subject)

    def results_for(self) -> int:
        """How many people want to be told of the results."""
        return sum(1 for _ in self._wanting_results())

    def send_results(self, text: str, *, staff_id: int) -> int:
        """Put the summary of results into the conversation of each who wants it; the same text reaches nobody twice.

        Gives how many got it now.
        """
        occasion = f"results:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
        reached = 0
        with self._database.transaction() as session:
            self._audit.take_turn(session)  # two presses of the button: the second finds everybody reached
            known = set(session.scalars(select(EnquiryRow.participant_id).where(EnquiryRow.occasion == occasion)))
            for person in self._wanting_results():
                if person.id in known:
                    continue
                self._add(session, person, text, staff_id=staff_id, occasion=occasion)
                self._outbox.queue(
                    session, template="results_summary", to=person.subject, key=f"{occasion}:{person.study_id}"
                )
                reached += 1
            self._audit.record(
                session, events.RESULTS_SENT, actor=Actor.staff(staff_id), subject="study", people=reached
            )
        return reached

    def _add(self, session: Session, person: Participant, text: str, **more: str | int) -> EnquiryRow:
        row = EnquiryRow(
            participant_id=person.id, text=personal(person.study_id, text), at=self._clock(), **{"about": "", **more}
        )
        session.add(row)
        session.flush()
        return row

    def _posts(self, session: Session, person: Participant) -> list[Post]:
        rows = select(EnquiryRow).where(EnquiryRow.participant_id == person.id).order_by(EnquiryRow.id)
        return [row.as_post() for row in session.scalars(rows)]

    def _see(self, session: Session, *which: ColumnElement[bool]) -> None:
        session.execute(
            update(EnquiryRow).where(*which, EnquiryRow.seen_at.is_(None)).values(seen_at=self._clock()),
            execution_options={"synchronize_session": False},
        )

    def _settle(self, session: Session, person: Participant) -> None:
        mine = EnquiryRow.participant_id == person.id, *_WAITS
        session.execute(update(EnquiryRow).where(*mine).values(settled_at=self._clock()))


def _of_sites(sites: Collection[str] | None) -> ColumnElement[bool]:
    return ParticipantRow.id.is_not(None) if sites is None else ParticipantRow.site.in_(sites)
