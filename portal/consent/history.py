"""Every consent that was ever given, by version, with what followed: for pages, registers and her own copy."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import defer

from portal.consent.domain import ConsentState, Given, Withdrawn
from portal.consent.states import given_of, state_of, withdrawn
from portal.consent.store import AnswerRow, ConsentRow, CountersignatureRow, WithdrawalRow
from portal.db.engine import Database
from portal.people.domain import Participant
from portal.study.domain import ConsentForm, Statement, Study
from portal.study.parts import Document
from portal.study.service import StudyBook


@dataclass(frozen=True)
class Countersigned:
    """The signature of the person taking consent."""

    reference: str
    staff_id: int
    name: str
    at: datetime


@dataclass(frozen=True)
class PastConsent:
    """A consent as it was given, and what followed it."""

    given: Given
    form: ConsentForm
    sheet: Document
    countersigned: Countersigned | None
    withdrawals: tuple[Withdrawn, ...]

    @property
    def reference(self) -> str:
        """The reference on its receipt."""
        return self.given.reference

    @property
    def at(self) -> datetime:
        """When it was given."""
        return self.given.at

    @property
    def references(self) -> tuple[str, ...]:
        """Of the consent, its countersignature and its withdrawals."""
        signed = (self.countersigned.reference,) if self.countersigned else ()
        return (self.reference, *signed, *(one.reference for one in self.withdrawals))

    @property
    def answered(self) -> tuple[tuple[Statement, bool], ...]:
        """Each statement of the form with its answer."""
        return tuple(
            (one, self.given.answers[one.key]) for one in self.form.statements if one.key in self.given.answers
        )


# Put together once: that takes as long as to have them answered for one participant.
_ids: BindParameter[int] = bindparam("ids", expanding=True)
_WITH_COUNTERSIGNATURE = (
    select(
        ConsentRow, CountersignatureRow.reference, CountersignatureRow.staff_id, CountersignatureRow.name,
        CountersignatureRow.at,
    )
    .options(defer(ConsentRow.name), defer(ConsentRow.drawn))  # to open what is sealed takes time
    .outerjoin(CountersignatureRow, CountersignatureRow.consent_id == ConsentRow.id)
    .where(ConsentRow.participant_id.in_(_ids))
    .order_by(ConsentRow.id)
)  # fmt: skip
_ANSWERS = select(AnswerRow.consent_id, AnswerRow.statement_key, AnswerRow.agreed).where(AnswerRow.consent_id.in_(_ids))
_WITHDRAWALS = select(WithdrawalRow).where(WithdrawalRow.consent_id.in_(_ids)).order_by(WithdrawalRow.id)


class ConsentHistory:
    """Reads consents; three queries, however many participants are asked for."""

    def __init__(self, database: Database, studies: StudyBook) -> None:
        self._database = database
        self._studies = studies

    def of(self, person: Participant) -> tuple[PastConsent, ...]:
        """Her consents, oldest first."""
        return self.of_all([person]).get(person.id, ())

    def with_state(self, person: Participant, present: Study) -> tuple[tuple[PastConsent, ...], ConsentState]:
        """Her consents, oldest first, and where consent stands by the study as it is published now."""
        found = self.of(person)
        told = sorted((two for one in found for two in one.withdrawals), key=lambda one: one.at)
        given, since = (found[-1].given, found[-1].withdrawals) if found else (None, ())
        return found, state_of(self._studies, present, person, given, told, [one.chosen for one in since])

    def of_all(self, people: Collection[Participant]) -> dict[int, tuple[PastConsent, ...]]:
        """Everybody's consents by participant, oldest first."""
        groups = {one.id: one.group for one in people}
        with self._database.reading() as session:
            rows = session.execute(_WITH_COUNTERSIGNATURE, {"ids": list(groups)}).all()
            consents = [one for one, *_ in rows]
            ids = [one.id for one in consents]
            answers: dict[int, dict[str, bool]] = defaultdict(dict)
            for consent_id, key, agreed in session.execute(_ANSWERS, {"ids": ids}):
                answers[consent_id][key] = agreed
            signed = {
                one.id: Countersigned(reference, staff_id, name, at) for one, reference, staff_id, name, at in rows
                if reference
            }  # fmt: skip
            stopped: dict[int, list[Withdrawn]] = defaultdict(list)
            for row in session.scalars(_WITHDRAWALS, {"ids": ids}):
                stopped[row.consent_id].append(withdrawn(self._studies, row))
        found: dict[int, list[PastConsent]] = defaultdict(list)
        for one in consents:
            documents = self._studies.at(one.publication_hash).study.documents[groups[one.participant_id]]
            found[one.participant_id].append(
                PastConsent(
                    given_of(one, answers[one.id], signed[one.id].reference if one.id in signed else None),
                    documents.consent, documents.information_sheet, signed.get(one.id), tuple(stopped[one.id]),
                )
            )  # fmt: skip
        return {key: tuple(rows) for key, rows in found.items()}
