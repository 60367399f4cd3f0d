"""The duty that erases: after withdrawals, approved requests, ended periods, and restored backups."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import partial

from sqlalchemy import func, select

from portal.clock import Clock, london_day
from portal.consent.states import level_of
from portal.consent.store import ConsentRow, WithdrawalRow
from portal.db.engine import Database
from portal.db.kinds import DataKind
from portal.erasure.domain import REMOVED_AT_WITHDRAWAL, Cause, Request, removable_until
from portal.erasure.retention import RetentionService
from portal.erasure.service import ErasureService
from portal.erasure.store import ErasureRow
from portal.people.domain import Participant
from portal.people.store import ParticipantRow
from portal.study.service import StudyBook

InterviewedAt = Callable[[int], datetime | None]
"""When a participant was interviewed last; None if she was not."""
Erasing = Callable[[], object]
"""What is due, to be carried out."""
AT_ONCE = 100
"""So many people a turn: a period that ends for thousands holds up no other duty."""


class ErasureDuty:
    """Finds what is due and has it erased. Each find is a query for work not yet done."""

    def __init__(
        self, database: Database, clock: Clock, studies: StudyBook, erasure: ErasureService,
        retention: RetentionService, interviewed_at: InterviewedAt,
        late_recordings: Callable[[], int],
    ) -> None:  # fmt: skip
        self._database = database
        self._clock = clock
        self._studies = studies
        self._erasure = erasure
        self._retention = retention
        self._interviewed_at = interviewed_at
        self._late_recordings = late_recordings

    def run(self) -> int:
        """Gives how many erasures were carried out. One that fails holds up no other; the first fault is raised."""
        faults: list[Exception] = []
        done = self._carry_out(self._withdrawals(), faults) + self._carry_out(self._requests(), faults)
        if not faults:  # a key that was destroyed a moment ago, by an erasure that is not finished, was not restored
            done += self._carry_out(self._restored(), faults)
        done += self._carry_out(self._periods(), faults) + self._late_recordings()
        if faults:
            raise faults[0]
        return done

    def waits(self, person: Participant) -> bool:
        """Whether something of hers is still to be erased: what she tells the study before then would go with it."""
        return (
            any(True for _ in self._withdrawals(person))
            or any(one.id == person.id for _, one in self._retention.approved())
            or bool(self._unproved(person))
        )

    def _carry_out(self, due: Iterator[Erasing], faults: list[Exception]) -> int:
        done = 0
        for erase in due:
            try:
                erase()
                done += 1
            except Exception as error:  # noqa: BLE001 - `run` raises it once the others had their turn
                faults.append(error)
        return done

    def _withdrawals(self, of: Participant | None = None) -> Iterator[Erasing]:
        """Those whose level removes what was told, and that no proof answers yet for some kind of data.

        Args:
            of: None for everybody's.
        """
        proofs = select(func.count(ErasureRow.kind.distinct())).where(ErasureRow.because == WithdrawalRow.reference)
        query = (
            select(WithdrawalRow, ConsentRow, ParticipantRow)
            .join(ConsentRow, ConsentRow.id == WithdrawalRow.consent_id)
            .join(ParticipantRow, ParticipantRow.id == WithdrawalRow.participant_id)
            .where(proofs.scalar_subquery() < len(REMOVED_AT_WITHDRAWAL))
        )
        if of is not None:
            query = query.where(WithdrawalRow.participant_id == of.id)
        with self._database.reading() as session:
            rows = session.execute(query.order_by(WithdrawalRow.id)).all()
        for stopped, consent, row in rows:
            if level_of(self._studies, stopped).removes_data:
                study = self._studies.at(stopped.publication_hash).study
                until = removable_until(consent.at, self._interviewed_at(row.id), study.withdrawal.removable_days)
                yield partial(self._withdrawn, row.as_participant(), stopped.reference, in_time=stopped.at <= until)

    def _withdrawn(self, person: Participant, reference: str, *, in_time: bool) -> None:
        for kind in self._left(person, REMOVED_AT_WITHDRAWAL, reference):
            if in_time:
                self._erasure.erase(person, kind, Cause.WITHDRAWAL, reference)
            else:
                self._erasure.refuse(person, kind, reference)

    def _requests(self) -> Iterator[Erasing]:
        for request, person in self._retention.approved():
            yield partial(self._requested, request, person)

    def _requested(self, request: Request, person: Participant) -> None:
        for kind in self._left(person, request.kinds, request.reason):
            self._erasure.erase(person, kind, Cause.REQUEST, request.reason)

    def _left(self, person: Participant, kinds: Collection[DataKind], because: str) -> list[DataKind]:
        """The kinds that no proof answers yet: an earlier turn may have been cut off between two of them."""
        done = {one.kind for one in self._erasure.of(person) if one.because == because}
        return [kind for kind in kinds if kind not in done]

    def _restored(self) -> Iterator[Erasing]:
        """Keys that were destroyed although the data's records know nothing of it: a backup was put back."""
        for owner, kind in sorted(self._unproved()):
            person = self._retention.person(owner)
            if person is not None:
                yield partial(self._erasure.erase, person, kind, Cause.RESTORED, "backup")

    def _unproved(self, of: Participant | None = None) -> set[tuple[str, DataKind]]:
        """Whose keys of which kind were destroyed without a proof that names them.

        Args:
            of: None for everybody's.
        """
        # The keys first: what is proved between the two looks is then no key without a proof.
        gone = self._database.personal.destroyed(of.study_id if of else None)
        proofs = select(ErasureRow.keys)
        if of is not None:
            proofs = proofs.where(ErasureRow.participant_id == of.id)
        with self._database.reading() as session:
            proved = {key for keys in session.scalars(proofs) for key in keys}
        return {(one.owner, one.kind) for one in gone if one.fingerprint not in proved}

    def _periods(self) -> Iterator[Erasing]:
        for rule, milestone in self._retention.due(london_day(self._clock())):
            because = f"{milestone.milestone}:{milestone.day.isoformat()}"
            for person in self._retention.left(rule.kind, because, AT_ONCE):
                yield partial(self._erasure.erase, person, rule.kind, Cause.RETENTION, because)
