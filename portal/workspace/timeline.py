"""A participant's timeline: what happened to her or was done by her, whichever feature recorded it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, CompoundSelect, bindparam, func, literal, select, union_all

from portal.booking.domain import Appointment
from portal.consent.domain import ConsentState
from portal.consent.history import ConsentHistory, PastConsent
from portal.consent.store import ReadingRow
from portal.db.engine import Database
from portal.demographics.store import DemographicAnswerRow
from portal.people.domain import Participant
from portal.recordings.domain import Recording
from portal.recruitment.store import NotTakingPartRow
from portal.rooms.store import RoomOutcomeRow, RoomRow
from portal.study.domain import Study
from portal.workspace.domain import Fact


@dataclass(frozen=True)
class Past:
    """What is on record about a participant: consents, oldest first, where consent stands, and facts, newest first."""

    consents: tuple[PastConsent, ...]
    state: ConsentState
    facts: Sequence[Fact]


class Timeline:
    """Reads; changes nothing."""

    def __init__(self, database: Database, history: ConsentHistory) -> None:
        self._database = database
        self._history = history

    def of(
        self, person: Participant, present: Study, appointments: Collection[Appointment] = (),
        recordings: Collection[Recording] = (),
    ) -> Past:  # fmt: skip
        """Her consents, oldest first, and her facts, newest first.

        Args:
            present: the study as it is published now.
            appointments, recordings: hers, as far as the reader may know of them.
        """
        consents, state = self._history.with_state(person, present)
        facts = [
            *_invitation(person), *self._recorded(person), *_consents(consents), *_bookings(appointments),
            *_recordings(recordings),
        ]  # fmt: skip
        return Past(consents, state, sorted(facts, key=lambda one: one.at)[::-1])

    def _recorded(self, person: Participant) -> list[Fact]:
        with self._database.reading() as session:
            return [Fact(*row) for row in session.execute(_RECORDED, {"person": person.id})]


def _recorded() -> CompoundSelect[datetime, str, str]:
    """What several features' tables tell of the participant "person", in one question."""
    nothing = literal("")
    answered = DemographicAnswerRow.at
    first_and_last = (
        select(func.min(answered), literal("answered"), nothing).having(func.count() > 0),
        select(func.max(answered), literal("answered_last"), nothing).having(func.min(answered) < func.max(answered)),
    )
    newest_outcomes = select(func.max(RoomOutcomeRow.id)).group_by(RoomOutcomeRow.room_id)
    interviews = select(RoomRow.starts_at, RoomOutcomeRow.outcome, nothing).join(
        RoomOutcomeRow, RoomOutcomeRow.room_id == RoomRow.id
    )
    person: BindParameter[int] = bindparam("person")
    return union_all(
        select(ReadingRow.at, literal("read"), nothing).where(ReadingRow.participant_id == person),
        select(NotTakingPartRow.at, NotTakingPartRow.kind, NotTakingPartRow.reason).where(
            NotTakingPartRow.participant_id == person
        ),
        *(one.where(DemographicAnswerRow.participant_id == person) for one in first_and_last),
        interviews.where(RoomRow.participant_id == person, RoomOutcomeRow.id.in_(newest_outcomes)),
    )


_RECORDED = _recorded()


def _invitation(person: Participant) -> Iterable[Fact]:
    yield Fact(person.invited_at, "invited")
    if person.first_opened_at:
        yield Fact(person.first_opened_at, "opened")


def _consents(consents: Iterable[PastConsent]) -> Iterable[Fact]:
    for one in consents:
        yield Fact(one.at, "consented", one.form.version)
        if one.countersigned:
            yield Fact(one.countersigned.at, "countersigned", one.countersigned.name)
        for withdrawn in one.withdrawals:
            yield Fact(withdrawn.at, "withdrew", withdrawn.level)


def _bookings(appointments: Iterable[Appointment]) -> Iterable[Fact]:
    for one in appointments:
        yield Fact(one.made_at, "booked", one.reference)
        if one.cancelled_at:
            yield Fact(one.cancelled_at, "cancelled", one.reference)
        elif one.sequence:
            yield Fact(one.changed_at, "moved", one.reference)


def _recordings(recordings: Iterable[Recording]) -> Iterable[Fact]:
    for one in recordings:
        yield Fact(one.opened_at, "recorded")
        if one.destroyed_at:
            yield Fact(one.destroyed_at, "recording_destroyed", one.name)
