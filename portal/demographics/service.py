"""Keep and change answers about the participant."""

import json
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.db.personal import personal
from portal.demographics import events
from portal.demographics.domain import Answer, Given, Value, check, fits
from portal.demographics.errors import Closed, ErasureWaits
from portal.demographics.store import DemographicAnswerRow
from portal.people.domain import Participant
from portal.people.store import lock
from portal.study.domain import Question, Questionnaire
from portal.study.service import StudyBook

ConsentedSince = Callable[[Participant], "datetime | None"]
"""When the consent that stands was given; None if none stands."""


class DemographicsService:
    """The questionnaire of a group."""

    def __init__(
        self, database: Database, clock: Clock, audit: AuditLog, studies: StudyBook, consented: ConsentedSince
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._studies = studies
        self._consented = consented
        self._waits: Callable[[Participant], bool] = lambda _person: False

    def hold_while(self, waits: Callable[[Participant], bool]) -> None:
        """Take no answer of anybody for whom `waits` says that something is still to be erased."""
        self._waits = waits

    def questionnaire(self, person: Participant) -> Questionnaire:
        """Her group's questions."""
        return self._studies.current().study.documents[person.group].questionnaire

    def answers(self, participant_id: int) -> dict[str, Value]:
        """The newest answer to each question."""
        with self._database.reading() as session:
            return _latest(session, participant_id)

    def standing(self, person: Participant) -> dict[str, Value]:
        """The newest answers that fit her group's questions as they are asked now: what else there is was answered to
        questions that were taken out or changed since."""
        questions = {one.key: one for one in self.questionnaire(person).questions}
        given = self.answers(person.id)
        return {key: value for key, value in given.items() if key in questions and fits(questions[key], value)}

    def history(self, person: Participant) -> list[list[Given]]:
        """All that she answered and that is held: for each question its answers, oldest first, so the last counts.

        Questions come in the order in which they were answered first.
        """
        documents = [one.study.documents.get(person.group) for one in self._studies.all()]
        forms = {one.questionnaire.content_hash: one.questionnaire for one in documents if one}
        found: dict[str, list[Given]] = {}
        with self._database.reading() as session:
            for row in session.scalars(_hers(person.id)):
                if row.value:
                    form = forms[row.questionnaire_hash]
                    one = Given(form.question(row.question_key), _read(row.value), row.at, form.version)
                    found.setdefault(row.question_key, []).append(one)
        return list(found.values())

    def answers_of(self, participant_ids: Collection[int]) -> dict[int, dict[str, Value]]:
        """The newest answers of many participants, in one query."""
        given = self.given_by(participant_ids)
        return {person: {key: one.value for key, one in answers.items()} for person, answers in given.items()}

    def given_by(self, participant_ids: Collection[int]) -> dict[int, dict[str, Answer]]:
        """The same, each with what it was given to: a later version may ask something else, or nothing."""
        if not participant_ids:
            return {}
        query = select(DemographicAnswerRow).where(DemographicAnswerRow.participant_id.in_(participant_ids))
        found: dict[int, dict[str, Answer]] = {}
        with self._database.reading() as session:
            for row in session.scalars(query.order_by(DemographicAnswerRow.id)):
                if row.value:
                    answer = Answer(_read(row.value), row.questionnaire_hash)
                    found.setdefault(row.participant_id, {})[row.question_key] = answer
        return found

    def open_until(self, person: Participant) -> datetime | None:
        """Until when answers can be changed; None while consent does not stand."""
        since = self._consented(person)
        if since is None:
            return None
        return since + timedelta(days=self._studies.current().study.questionnaire_editable_days)

    def left(self, person: Participant) -> list[Question]:
        """The questions that she has not answered and still can."""
        answered, closes, now = self.standing(person), self._closes(person), self._clock()
        questions = self.questionnaire(person).questions
        return [one for one in questions if one.key not in answered and one.key in closes and now < closes[one.key]]

    def _closes(self, person: Participant) -> dict[str, datetime]:
        """When each question closes. One that a later version brought is open for as long as the others were."""
        since, study = self._consented(person), self._studies.current().study
        if since is None:
            return {}
        asked: dict[tuple[str, str], datetime] = {}
        for number, version in enumerate(self._studies.all()):
            if person.group in version.study.documents:
                for one in version.study.documents[person.group].questionnaire.questions:
                    # Whoever consented was asked what the first version asks, whenever that was published.
                    asked.setdefault((one.key, one.kind), version.published_at if number else since)
        open_for = timedelta(days=study.questionnaire_editable_days)
        questions = study.documents[person.group].questionnaire.questions
        return {one.key: max(since, asked[one.key, one.kind]) + open_for for one in questions}

    def answer(self, person: Participant, question_key: str, value: Value) -> None:
        """Keep an answer.

        Raises:
            Closed, ErasureWaits, ValueRefused
            KeyError: no such question.
        """
        questionnaire = self.questionnaire(person)
        question = questionnaire.question(question_key)
        until = self._closes(person).get(question_key)
        if until is None or until <= self._clock():
            raise Closed("answers can no longer be changed")
        check(question, value)
        with self._database.transaction() as session:
            lock(session, person.id)
            if self._waits(person):
                raise ErasureWaits("something of hers is still to be erased")
            before = _latest(session, person.id).get(question_key)
            if before == value:
                return
            session.add(
                DemographicAnswerRow(
                    participant_id=person.id, questionnaire_hash=questionnaire.content_hash,
                    question_key=question_key, value=personal(person.study_id, _write(value)), at=self._clock(),
                )
            )  # fmt: skip
            self._audit.record(
                session, events.ANSWERED, actor=Actor.participant(person.study_id), subject=person.subject,
                question=question_key, changed=before is not None,
            )  # fmt: skip


def _latest(session: Session, participant_id: int) -> dict[str, Value]:
    rows = session.scalars(_hers(participant_id))
    return {row.question_key: _read(row.value) for row in rows if row.value}  # erased answers are empty


def _hers(participant_id: int) -> Select[DemographicAnswerRow]:
    mine = select(DemographicAnswerRow).where(DemographicAnswerRow.participant_id == participant_id)
    return mine.order_by(DemographicAnswerRow.id)


def _write(value: Value) -> str:
    return json.dumps({"given": list(value.given), "declined": value.declined})


def _read(text: str) -> Value:
    data = json.loads(text)
    return Value(tuple(data["given"]), data["declined"])
