"""Answer, sign, countersign, withdraw: each in one transaction, recorded whole or not at all."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, bindparam, delete, func, select
from sqlalchemy.orm import Session

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.consent import events
from portal.consent.domain import ConsentState, Signature, StatementAnswer, fingerprint, refused, unanswered
from portal.consent.errors import (
    AlreadyCountersigned,
    AnswersChanged,
    ErasureWaits,
    FormChanged,
    LevelUnknown,
    MandatoryRefused,
    NoConsent,
    NotReady,
    TooSoon,
)
from portal.consent.readings import Readings
from portal.consent.states import level_of, states
from portal.consent.store import AnswerRow, ConsentRow, CountersignatureRow, DraftRow, WithdrawalRow
from portal.db.engine import Database
from portal.db.personal import personal
from portal.people.domain import Participant
from portal.people.store import ParticipantRow, lock
from portal.reference import new_reference
from portal.study.changes import Change, changed_statements
from portal.study.domain import ConsentForm
from portal.study.service import Publication, StudyBook

_SIGNED = (
    select(
        ConsentRow.reference, ConsentRow.at, CountersignatureRow.reference.label("countersigned"),
        CountersignatureRow.at.label("countersigned_at"),
    )
    .outerjoin(CountersignatureRow, CountersignatureRow.consent_id == ConsentRow.id)
    .where(ConsentRow.participant_id == bindparam("participant"))
)  # fmt: skip
_STOPPED = select(WithdrawalRow.reference, WithdrawalRow.at).where(
    WithdrawalRow.participant_id == bindparam("participant")
)


@dataclass(frozen=True)
class Countersigning:
    """What the person taking consent declares."""

    name: str
    conversation_on: datetime
    conversation: str
    identity_check: str


class ConsentService:
    """The only writer of consents, countersignatures and withdrawals."""

    def __init__(
        self, database: Database, clock: Clock, audit: AuditLog, studies: StudyBook, readings: Readings
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._studies = studies
        self._readings = readings
        self._listeners: list[Callable[[Participant], None]] = []
        self._waits: Callable[[Participant], bool] = lambda _person: False

    def on_withdrawal(self, listener: Callable[[Participant], None]) -> None:
        """Call `listener` right after each withdrawal is recorded. It must not raise: the withdrawal stands."""
        self._listeners.append(listener)

    def hold_while(self, waits: Callable[[Participant], bool]) -> None:
        """Take no answer and no consent of anybody for whom `waits` says that something is still to be erased."""
        self._waits = waits

    def held(self, person: Participant) -> bool:
        """Whether something of hers is still to be erased, so that nothing new is taken."""
        return self._waits(person)

    def state(self, person: Participant) -> ConsentState:
        """Where her consent stands."""
        return self._database.once(("consent", person), lambda: self.states([person])[person.id])

    def states(self, people: Iterable[Participant]) -> dict[int, ConsentState]:
        """Where everybody's consent stands, in a constant number of queries."""
        with self._database.reading() as session:
            return states(session, self._studies, people)

    def form(self, person: Participant) -> tuple[Publication, ConsentForm]:
        """The form that she would sign now."""
        publication = self._studies.current()
        return publication, publication.study.documents[person.group].consent

    def changes(self, person: Participant) -> tuple[Change, ...]:
        """What the present form asks anew of somebody who consented to an older one."""
        given = self.state(person).given
        if given is None:
            return ()
        old = self._studies.at(given.publication_hash).study.documents[person.group].consent
        shown = {one.key: (one.hash_in(old.language), one.text) for one in old.statements}
        return changed_statements(self.form(person)[1], shown)

    def draft(self, person: Participant) -> dict[str, StatementAnswer]:
        """Her answers so far to the present form. At re-consent, unchanged statements keep their answers."""
        _, form = self.form(person)
        with self._database.reading() as session:
            return self._draft(session, person, form)

    def answer(self, person: Participant, form_hash: str, answers: Mapping[str, StatementAnswer]) -> None:
        """Keep answers as she goes. Raises FormChanged if a newer form was published meanwhile, and ErasureWaits."""
        _, form = self.form(person)
        if form.content_hash != form_hash:
            raise FormChanged("a newer form was published")
        known = {one.key for one in form.statements}
        with self._database.transaction() as session:
            lock(session, person.id)
            self._refuse_held(person)
            kept = {**self._draft(session, person, form), **answers}
            text = json.dumps({key: [one.agreed, one.initials] for key, one in kept.items() if key in known})
            row = session.get(DraftRow, person.id)
            if row is None:
                row = DraftRow(participant_id=person.id)
                session.add(row)
            row.form_hash, row.answers, row.updated_at = form_hash, personal(person.study_id, text), self._clock()

    def give(self, person: Participant, form_hash: str, signature: Signature, *, checked: str | None = None) -> str:
        """Record the consent. Twice gives the same reference: a double tap records one consent.

        Args:
            checked: the fingerprint of the answers that she saw when she signed; None where no page showed any.

        Raises:
            FormChanged, AnswersChanged, NotReady, MandatoryRefused, TooSoon, ErasureWaits: and nothing was recorded.
        """
        publication, form = self.form(person)
        if form.content_hash != form_hash:
            raise FormChanged("a newer form was published")
        sheet = publication.study.documents[person.group].information_sheet
        ready = self._readings.ready_at(person.id, publication, sheet.content_hash)
        if ready is None or ready > self._clock():
            raise TooSoon(ready)
        with self._database.transaction() as session:
            lock(session, person.id)
            generation = self._generation(session, person.id)
            known = session.scalars(_same_consent(person.id, form_hash, generation)).one_or_none()
            if known is not None:
                return known.reference
            self._refuse_held(person)
            answers = self._draft(session, person, form)
            if unanswered(form, answers):
                raise NotReady("a statement has no answer")
            if checked is not None and checked != fingerprint(answers):
                raise AnswersChanged("answers were changed after she looked at them")
            if refused(form, answers):
                raise MandatoryRefused("a mandatory statement was answered with no")
            return self._record(session, person, publication, generation, answers, signature)

    def countersign(self, consent_id: int, declared: Countersigning, *, staff_id: int) -> str:
        """Sign as the person taking consent; gives the reference. Raises NoConsent, AlreadyCountersigned."""
        reference = new_reference("S")
        with self._database.transaction() as session:
            consent = session.get(ConsentRow, consent_id, with_for_update=True)
            if consent is None:
                raise NoConsent("no such consent")
            owner = session.get_one(ParticipantRow, consent.participant_id).study_id
            if session.scalar(select(CountersignatureRow.id).where(CountersignatureRow.consent_id == consent_id)):
                raise AlreadyCountersigned("countersigned before")
            entry = self._audit.record(
                session, events.COUNTERSIGNED, actor=Actor.staff(staff_id), subject=f"consent:{consent.reference}",
                reference=reference, consent=consent.reference, identity_check=declared.identity_check,
            )  # fmt: skip
            session.add(
                CountersignatureRow(
                    reference=reference, consent_id=consent_id, staff_id=staff_id, name=declared.name,
                    conversation_on=declared.conversation_on,
                    conversation=personal(owner, declared.conversation),
                    identity_check=declared.identity_check, at=entry.at, chain_seq=entry.seq, chain_hash=entry.hash,
                )
            )  # fmt: skip
        return reference

    def withdraw(self, person: Participant, level_key: str) -> str:
        """Stop, by a level of the study; gives the reference. The same level twice is recorded once.

        Raises:
            NoConsent: there is nothing to withdraw from.
            LevelUnknown
        """
        publication = self._studies.current()
        if level_key not in {level.key for level in publication.study.withdrawal.levels}:
            raise LevelUnknown(level_key)
        with self._database.transaction() as session:
            lock(session, person.id)
            consent = self._newest(session, person.id)
            if consent is None:
                raise NoConsent("no consent to withdraw")
            known = session.scalars(
                select(WithdrawalRow).where(WithdrawalRow.consent_id == consent.id, WithdrawalRow.level == level_key)
            ).one_or_none()
            if known is not None:
                return known.reference
            reference = new_reference("W")
            entry = self._audit.record(
                session, events.WITHDRAWN, actor=Actor.participant(person.study_id), subject=person.subject,
                reference=reference, level=level_key,
            )  # fmt: skip
            session.add(
                WithdrawalRow(
                    reference=reference, participant_id=person.id, consent_id=consent.id, level=level_key,
                    publication_hash=publication.content_hash, at=entry.at, chain_seq=entry.seq, chain_hash=entry.hash,
                )
            )  # fmt: skip
        for listener in self._listeners:
            listener(person)
        return reference

    def owner(self, reference: str) -> int | None:
        """The number of the participant whom a reference belongs to."""
        with self._database.reading() as session:
            for query in (
                select(ConsentRow.participant_id).where(ConsentRow.reference == reference),
                select(WithdrawalRow.participant_id).where(WithdrawalRow.reference == reference),
                select(ConsentRow.participant_id)
                .join(CountersignatureRow, CountersignatureRow.consent_id == ConsentRow.id)
                .where(CountersignatureRow.reference == reference),
            ):
                found = session.scalar(query)
                if found is not None:
                    return found
        return None

    def references(self, participant_id: int) -> list[tuple[str, str, datetime]]:
        """Kind, reference and moment of everything she signed or stopped, oldest first."""
        with self._database.reading() as session:
            signed = session.execute(_SIGNED, {"participant": participant_id}).all()
            stopped = session.execute(_STOPPED, {"participant": participant_id}).all()
        found = [("consent", row.reference, row.at) for row in signed]
        found += [("countersignature", row.countersigned, row.countersigned_at) for row in signed if row.countersigned]
        found += [("withdrawal", row.reference, row.at) for row in stopped]
        return sorted(found, key=lambda one: one[2])

    def _refuse_held(self, person: Participant) -> None:
        """Asked once it is her turn: a withdrawal takes one too."""
        if self._waits(person):
            raise ErasureWaits("something of hers is still to be erased")

    def _record(
        self,
        session: Session,
        person: Participant,
        publication: Publication,
        generation: int,
        answers: Mapping[str, StatementAnswer],
        signature: Signature,
    ) -> str:
        documents = publication.study.documents[person.group]
        form, sheet, reference = documents.consent, documents.information_sheet, new_reference("C")
        entry = self._audit.record(
            session, events.GIVEN, actor=Actor.participant(person.study_id), subject=person.subject,
            reference=reference, form=form.content_hash, sheet=sheet.content_hash, version=form.version,
        )  # fmt: skip
        consent = ConsentRow(
            reference=reference, participant_id=person.id, generation=generation,
            publication_hash=publication.content_hash, form_hash=form.content_hash, sheet_hash=sheet.content_hash,
            language=form.language, name=personal(person.study_id, signature.name),
            drawn=personal(person.study_id, signature.drawn),
            at=entry.at, chain_seq=entry.seq, chain_hash=entry.hash,
        )  # fmt: skip
        session.add(consent)
        session.flush()
        session.add_all(_answer_rows(consent.id, person.study_id, form, answers))
        session.execute(delete(DraftRow).where(DraftRow.participant_id == person.id))
        return reference

    def _draft(self, session: Session, person: Participant, form: ConsentForm) -> dict[str, StatementAnswer]:
        row = session.get(DraftRow, person.id)
        if row is not None and row.form_hash == form.content_hash:
            return _read_draft(row)
        return self._kept_answers(session, person, form)

    def _kept_answers(self, session: Session, person: Participant, form: ConsentForm) -> dict[str, StatementAnswer]:
        consent = self._newest(session, person.id)
        if consent is None or self._ended(session, consent.id):
            return {}
        rows = session.scalars(select(AnswerRow).where(AnswerRow.consent_id == consent.id))
        before = {row.statement_hash: StatementAnswer(row.agreed, row.initials) for row in rows}
        hashes = {one.key: one.hash_in(form.language) for one in form.statements}
        return {key: before[digest] for key, digest in hashes.items() if digest in before}

    def _generation(self, session: Session, participant_id: int) -> int:
        """Consents that were withdrawn from altogether."""
        rows = session.scalars(select(WithdrawalRow).where(WithdrawalRow.participant_id == participant_id))
        return len({row.consent_id for row in rows if level_of(self._studies, row).ends_participation})

    def _ended(self, session: Session, consent_id: int) -> bool:
        rows = session.scalars(select(WithdrawalRow).where(WithdrawalRow.consent_id == consent_id))
        return any(level_of(self._studies, row).ends_participation for row in rows)

    def _newest(self, session: Session, participant_id: int) -> ConsentRow | None:
        newest = select(func.max(ConsentRow.id)).where(ConsentRow.participant_id == participant_id)
        return session.scalars(select(ConsentRow).where(ConsentRow.id == newest.scalar_subquery())).one_or_none()


def _same_consent(participant_id: int, form_hash: str, generation: int) -> Select[ConsentRow]:
    return select(ConsentRow).where(
        ConsentRow.participant_id == participant_id,
        ConsentRow.form_hash == form_hash,
        ConsentRow.generation == generation,
    )


def _answer_rows(
    consent_id: int, study_id: str, form: ConsentForm, answers: Mapping[str, StatementAnswer]
) -> list[AnswerRow]:
    return [
        AnswerRow(
            consent_id=consent_id, position=at, statement_key=one.key, statement_hash=one.hash_in(form.language),
            agreed=answers[one.key].agreed, initials=personal(study_id, answers[one.key].initials),
        )
        for at, one in enumerate(form.statements, 1)
    ]  # fmt: skip


def _read_draft(row: DraftRow) -> dict[str, StatementAnswer]:
    return {key: StatementAnswer(agreed, initials) for key, (agreed, initials) in json.loads(row.answers).items()}
