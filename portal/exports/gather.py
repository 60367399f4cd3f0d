"""The people of an export, a few hundred at a time, each with what the data says of her."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select

from portal.clock import london_day
from portal.consent.domain import ConsentState
from portal.consent.history import ConsentHistory, PastConsent
from portal.consent.service import ConsentService
from portal.consent.store import ConsentRow
from portal.db.engine import Database
from portal.demographics.domain import Value
from portal.demographics.service import DemographicsService
from portal.exports.domain import DECLINED, Variable
from portal.people.domain import Participant
from portal.people.store import ParticipantRow

CHUNK = 200


@dataclass(frozen=True)
class Person:
    """Somebody who consented at some time."""

    participant: Participant
    state: ConsentState
    consents: tuple[PastConsent, ...]
    answers: Mapping[str, Value]


class Gathering:
    """Reads people in order of their numbers, without names, so that memory and queries stay few."""

    def __init__(
        self,
        database: Database,
        consents: ConsentService,
        history: ConsentHistory,
        demographics: DemographicsService,
    ) -> None:
        self._database = database
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
        for chunk in self.participants(sites):
            states, consents = self._consents.states(chunk), self._history.of_all(chunk)
            given = self._demographics.answers_of([one.id for one in chunk]) if answers else {}
            yield [Person(one, states[one.id], consents[one.id], given.get(one.id, {})) for one in chunk]

    def row(self, person: Person, columns: tuple[Variable, ...]) -> dict[str, object]:
        """What the data says of her, by column. Answers that were to be removed are not there."""
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
            if one.name.startswith("agrees_"):
                found[one.name] = int(one.name.removeprefix("agrees_") in person.state.effects)
            elif one.question and one.group == person.participant.group and status != "withdrawn_removed":
                found[one.name] = _answer(one, person.answers.get(one.question))
        return found


def _status(person: Person) -> str:
    """By the levels as they were when she chose, whatever a later version calls them."""
    if person.state.standing != "withdrawn":
        return "consented"
    removed = any(one.chosen.removes_data for one in person.consents[-1].withdrawals)
    return "withdrawn_removed" if removed else "withdrawn_kept"


def _day(at: datetime) -> str:
    return london_day(at).isoformat()


def _answer(column: Variable, value: Value | None) -> object:
    if value is None:
        return None
    if column.choice:
        return int(value.declined if column.choice == DECLINED else column.choice in value.given)
    if value.declined:
        return DECLINED
    text = value.given[0] if value.given else ""
    return int(text) if column.kind in ("number", "year") and text.isdecimal() else text
