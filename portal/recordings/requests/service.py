"""One asks, another decides: new headers for a recording, or its destruction."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.recordings.age import Recipient
from portal.recordings.destroying import Destructions
from portal.recordings.errors import RecordingDestroyed
from portal.recordings.keys.service import KeyService
from portal.recordings.requests import events
from portal.recordings.requests.domain import Request, What, Why
from portal.recordings.requests.errors import AlreadyAsked, RecipientsChanged, RequestUnknown
from portal.recordings.requests.store import RecordingRequestRow
from portal.recordings.service import RecordingService


class Requests:
    """Requests and decisions. Deciding twice, or by the one who asked, is refused."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        *,
        keys: KeyService,
        recordings: RecordingService,
        destructions: Destructions,
    ) -> None:
        self._database, self._clock, self._audit = database, clock, audit
        self._keys, self._recordings, self._destructions = keys, recordings, destructions

    def ask_rewrap(self, recording: str, *, staff_id: int) -> Request:
        """Ask that a recording be opened for today's recipients.

        Raises:
            RecordingUnknown, RecordingDestroyed, AlreadyAsked
            NotReadyToRecord: the study's keys are not in order.
        """
        prints = sorted(one.fingerprint for one in self.recipients())
        return self._ask(recording, What.REWRAP, None, prints, staff_id)

    def ask_erasure(self, recording: str, why: Why, *, staff_id: int) -> Request:
        """Ask that a recording be destroyed. Raises RecordingUnknown, RecordingDestroyed, AlreadyAsked."""
        return self._ask(recording, What.ERASE, why, [], staff_id)

    def request(self, number: int) -> Request:
        """One request. Raises RequestUnknown."""
        with self._database.reading() as session:
            return self._row(session, number, to_change=False).as_request()

    def open(self) -> list[Request]:
        """Those that wait for a decision, oldest first."""
        query = select(RecordingRequestRow).where(RecordingRequestRow.agreed.is_(None))
        with self._database.reading() as session:
            return [row.as_request() for row in session.scalars(query.order_by(RecordingRequestRow.id))]

    def recipients(self) -> tuple[Recipient, ...]:
        """Today's keys, the recovery key last. Raises NotReadyToRecord."""
        found = self._keys.recipients_now()
        return (*found.members, found.recovery)

    def refuse(self, number: int, *, staff_id: int) -> None:
        """Decide against it; whoever asked may take it back that way too. Raises RequestUnknown."""
        with self._database.transaction() as session:
            row = self._row(session, number)
            if row.agreed is not None:
                raise RequestUnknown("this request is decided")
            self._decide(session, row, staff_id, agreed=False)

    def rewrap(self, number: int, headers: Mapping[str, bytes], *, staff_id: int) -> None:
        """Agree, with the headers that the decider's browser wrote for exactly the keys in the request.

        Raises:
            RequestUnknown, SamePerson, RecipientsChanged
            RecordingUnknown, RecordingDestroyed, VaultError, HeadersRefused: nothing was decided.
        """
        request = self._for(number, What.REWRAP, staff_id)
        if {one.fingerprint for one in self.recipients()} != request.recipients:
            raise RecipientsChanged("the study's keys have changed since this was asked")
        self._recordings.rewrap(
            request.recording, headers, sorted(request.recipients), actor=Actor.staff(request.asked_by),
            approved_by=Actor.staff(staff_id).key,
        )  # fmt: skip
        self._agreed(number, staff_id)

    def erase(self, number: int, *, staff_id: int) -> None:
        """Agree: from now on nobody can read it, and a duty destroys it.

        Raises:
            RequestUnknown, SamePerson, RecordingUnknown
        """
        request = self._for(number, What.ERASE, staff_id)
        self._destructions.order(
            request.recording, str(request.why), actor=Actor.staff(request.asked_by),
            approved_by=Actor.staff(staff_id).key,
        )  # fmt: skip
        self._agreed(number, staff_id)

    def _ask(self, recording: str, what: What, why: Why | None, prints: list[str], staff_id: int) -> Request:
        if self._recordings.recording(recording).destroyed_at or self._destructions.is_destroyed(recording):
            raise RecordingDestroyed("the recording was destroyed")
        with self._database.transaction() as session:
            self._audit.take_turn(session)
            waiting = select(RecordingRequestRow.id).where(
                RecordingRequestRow.recording_id == recording,
                RecordingRequestRow.what == what.value,
                RecordingRequestRow.agreed.is_(None),
            )
            if session.scalar(waiting) is not None:
                raise AlreadyAsked("the same is asked already")
            row = RecordingRequestRow(
                recording_id=recording, what=what.value, why=why.value if why else None, recipients=prints,
                asked_by=staff_id, asked_at=self._clock(),
            )  # fmt: skip
            session.add(row)
            session.flush()
            self._audit.record(
                session, events.ASKED, actor=Actor.staff(staff_id), subject=f"recording:{recording}", request=row.id,
                what=what.value, why=row.why,
            )  # fmt: skip
        return row.as_request()

    def _for(self, number: int, what: What, staff_id: int) -> Request:
        request = self.request(number)
        if request.what is not what:
            raise RequestUnknown("there is no such request")
        request.check_decider(staff_id)
        return request

    def _agreed(self, number: int, staff_id: int) -> None:
        with self._database.transaction() as session:
            self._decide(session, self._row(session, number), staff_id, agreed=True)

    def _decide(self, session: Session, row: RecordingRequestRow, staff_id: int, *, agreed: bool) -> None:
        row.decided_by, row.decided_at, row.agreed = staff_id, self._clock(), agreed
        self._audit.record(
            session, events.DECIDED, actor=Actor.staff(staff_id), subject=f"recording:{row.recording_id}",
            request=row.id, what=row.what, agreed=agreed,
        )  # fmt: skip

    def _row(self, session: Session, number: int, *, to_change: bool = True) -> RecordingRequestRow:
        row = session.get(RecordingRequestRow, number, with_for_update=to_change)
        if row is None:
            raise RequestUnknown("there is no such request")
        return row
