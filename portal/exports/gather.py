"""The people of an export, a few hundred at a time, each with what the data says of her."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select

from portal.clock import london_day
from portal.consent.domain import ConsentState, Standing
from portal.consent.history import ConsentHistory, PastConsent
from portal.consent.service import ConsentService
from portal.consent.store import ConsentRow
from portal.db.engine import Database
from portal.demographics.domain import Answer, Value
from portal.demographics.service import DemographicsService
from portal.exports.domain import DECLINED, Variable
from portal.people.domain import Participant
from portal.people.store import ParticipantRow
from portal.study.service import StudyBook

CHUNK = 200
Removals = Callable[[Collection[str]], Mapping[str, bool]]
"""Of the withdrawals of these references: whether what was told is removed, or was kept since it was too late. One that
waits to be carried out is not among them."""


@dataclass(frozen=True)
class Person:
    """Somebody who consented at some time."""

    participant: Participant
    state: ConsentState
    consents: tuple[PastConsent, ...]
    answers: Mapping[str, Answer]
    questionnaires: tuple[str, ...]
    """Versions of the questionnaires that they were given to."""
    removals: Mapping[str, bool]
    """What became of her withdrawals that remove what was told, by reference, as `Removals` gives it."""

    @property
    def removal_waits(self) -> bool:
        """Whether something of hers is still there that is to be removed."""
        asked = (two for one in self.consents for two in one.withdrawals if two.chosen.removes_data)
        return any(one.reference not in self.removals for one in asked)


class Gathering:
    """Reads people in order of their numbers, without names, so that memory and queries stay few."""

    def __init__(
        self,
        database: Database,
        consents: ConsentService,
        history: ConsentHistory,
        demographics: DemographicsService,
        studies: StudyBook,
        removals: Removals,
    ) -> None:
        self._database = database
        self._removals = removals
        self._studies = studies
        self._consents = consents
        self._history = history
        self._demographics = demographics

    def anybody(self, sites: Collection[str] | None) -> bool:
        """Whether there is anybody to export."""
        return next(self.participants(sites), None) is not None

    def participants(self, sites: Collection[str] | None) -> Iterator[list[Participant]]:
        """Chunks of those of the sites (None: all) who consented at some time."""
        last = 0
        while True:
            consented = exists().where(ConsentRow.participant_id == ParticipantRow.id)
            query = select(ParticipantRow).where(ParticipantRow.id > last, consented)
            if sites is not None:
                query = query.where(ParticipantRow.site.in_(sites))
            with self._database.reading() as session:
                rows = session.scalars(query.order_by(ParticipantRow.id).limit(CHUNK)).all()
            if not rows:
                return
            last = rows[-1].id
            yield [row.as_participant() for row in rows]

    def people(self, sites: Collection[str] | None, *, answers: bool = False) -> Iterator[list[Person]]:
        """The same chunks with their consents, and their answers where wanted."""
        versions = self._questionnaires() if answers else {}
        for chunk in self.participants(sites):
            states, consents = self._consents.states(chunk), self._history.of_all(chunk)
            given = self._demographics.given_by([one.id for one in chunk]) if answers else {}
            stops = [two for one in consents.values() for consent in one for two in consent.withdrawals]
            removals = self._removals([one.reference for one in stops if one.chosen.removes_data]) if stops else {}
            people = []
            for one in chunk:
                hers = given.get(one.id, {})
                forms = {versions[answer.form] for answer in hers.values()}
                people.append(Person(one, states[one.id], consents[one.id], hers, tuple(sorted(forms)), removals))
            yield people

    def _questionnaires(self) -> dict[str, str]:
        """The version of every questionnaire that was ever published, by its hash."""
        documents = [two for one in self._studies.all() for two in one.study.documents.values()]
        return {one.questionnaire.content_hash: one.questionnaire.version for one in documents}

    def row(self, person: Person, columns: tuple[Variable, ...]) -> dict[str, object]:
        """What the data says of her, by column. Answers that are to be removed are not there, even if still waiting."""
        newest, stops = person.consents[-1], [two for one in person.consents for two in one.withdrawals]
        status = _status(person)
        found: dict[str, object] = {
            "study_id": person.participant.study_id, "group": person.participant.group,
            "site": person.participant.site, "status": status, "consented_on": _day(newest.at),
            "form_version": newest.form.version, "sheet_version": newest.sheet.version,
            "countersigned_on": _day(newest.countersigned.at) if newest.countersigned else "",
            "withdrawn_on": _day(stops[-1].at) if stops else "",
            "withdrawal_level": stops[-1].level if stops else "",
        }  # fmt: skip
        for one in columns:
            if one.effect:
                found[one.name] = int(one.effect in person.state.effects)
        if status != "withdrawn_removed" and not person.removal_waits:
            found["questionnaire_version"] = "; ".join(person.questionnaires)
            found |= {one.name: _said(one, person) for one in columns if one.group == person.participant.group}
        return found


def _status(person: Person) -> str:
    """By the levels as they were when she chose, whatever a later version calls them, and by what became of it."""
    if person.state.standing is Standing.OUTDATED:
        return "reconsent"
    if person.state.standing is not Standing.WITHDRAWN:
        return "consented"
    removing = [one for one in person.consents[-1].withdrawals if one.chosen.removes_data]
    removed = any(person.removals.get(one.reference, True) for one in removing)
    return "withdrawn_removed" if removed else "withdrawn_kept"


def _day(at: datetime) -> str:
    return london_day(at).isoformat()


def _said(column: Variable, person: Person) -> object:
    """What she said in answer to a question or a statement, if a form that asked it was hers."""
    if column.statement:
        asked = (one.given.answers for one in reversed(person.consents) if one.given.form_hash in column.forms)
        return next((int(one[column.statement]) for one in asked if column.statement in one), None)
    answer = person.answers.get(column.question)
    return _value(column, answer.value) if answer and answer.form in column.forms else None


def _value(column: Variable, value: Value) -> object:
    if column.choice:
        return int(value.declined if column.choice == DECLINED else column.choice in value.given)
    if value.declined:
        return DECLINED
    text = value.given[0] if value.given else ""
    return int(text) if column.kind in ("number", "year") and text.isdecimal() else text
