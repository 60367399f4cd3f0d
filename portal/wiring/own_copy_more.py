"""What of a participant is kept besides what she wrote into forms: checks, reasons, the team's words, erasures."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.booking.store import BookingRow, CancellationRow
from portal.consent.store import CheckRow, ConsentRow, CountersignatureRow
from portal.db.engine import Database
from portal.db.kinds import DataKind
from portal.erasure.domain import Outcome
from portal.erasure.store import ErasureRow
from portal.own_copy.domain import Part, Words
from portal.people.domain import Participant
from portal.recruitment.domain import Kind
from portal.recruitment.store import NotTakingPartRow
from portal.sentence import said
from portal.study.domain import ComprehensionCheck
from portal.study.service import StudyBook
from portal.wiring.lookup import Lookup

_NOT_PART = {
    Kind.DECLINED: said("You said that you do not want to take part"),
    Kind.EXCLUDED: said("The team noted that you are not taking part"),
    Kind.READMITTED: said("The team noted that you may take part after all"),
}
_ERASED = {
    DataKind.CONTACT: said("how to reach you, and your messages with the team"),
    DataKind.ANSWERS: said("your answers, and notes about you"),
    DataKind.RECORDINGS: said("recordings of your interviews"),
    DataKind.CONSENT: said("your name, drawing and receipts of consent"),
}
Lines = list[tuple[Words, Words]]


@dataclass(frozen=True)
class MoreSources:
    """Chapters that no form of hers shows."""

    get: Lookup

    def checks(self, person: Participant) -> Iterable[Part]:
        """How she answered the questions about the information sheet, each time."""
        asked = self._asked(person.group)
        with self.get(Database).reading() as session:
            mine = select(CheckRow).where(CheckRow.participant_id == person.id).order_by(CheckRow.id)
            rows = [row for row in session.scalars(mine) if row.answers]
        for row in rows:
            chosen = json.loads(row.answers)
            check = asked[row.check_hash]
            lines: Lines = [
                (one.question, next((two.text for two in one.choices if two.key == chosen[one.key]), chosen[one.key]))
                for one in check.questions if one.key in chosen
            ]  # fmt: skip
            title = said(
                "Your answers about the information sheet (%(when)s, version %(version)s of the questions)",
                when=row.at, version=check.version,
            )  # fmt: skip
            if lines:
                yield Part(title, tuple(lines))

    def reasons(self, person: Participant) -> Iterable[Part]:
        """Why she did not take part, or called an interview off, where she or the team said so."""
        reasons = self.get(StudyBook).current().study.recruitment
        lines: Lines = []
        with self.get(Database).reading() as session:
            said_no = select(NotTakingPartRow).where(NotTakingPartRow.participant_id == person.id)
            for row in session.scalars(said_no.order_by(NotTakingPartRow.id)):
                what = _dated(row.at, _NOT_PART[Kind(row.kind)])
                lines.append((what, reasons.label(row.reason) or said("no reason given")))
            called_off = select(CancellationRow).join(BookingRow, BookingRow.id == CancellationRow.booking_id)
            for gone in session.scalars(called_off.where(BookingRow.participant_id == person.id)):
                if gone.why:
                    lines.append((_dated(gone.at, said("An interview was called off")), gone.why))
        if lines:
            yield Part(said("Reasons that were given"), tuple(lines))

    def conversations(self, person: Participant) -> Iterable[Part]:
        """What the person who took her consent wrote about their talk."""
        query = select(CountersignatureRow).join(ConsentRow, ConsentRow.id == CountersignatureRow.consent_id)
        with self.get(Database).reading() as session:
            rows = session.scalars(query.where(ConsentRow.participant_id == person.id).order_by(ConsentRow.id))
            lines: Lines = [
                (_dated(row.conversation_on, row.name), row.conversation) for row in rows if row.conversation
            ]
        if lines:
            yield Part(said("What was noted of the talk about your consent"), tuple(lines))

    def erased(self, person: Participant) -> Iterable[Part]:
        """What was removed, so that what is missing here is explained."""
        query = select(ErasureRow).where(ErasureRow.participant_id == person.id).order_by(ErasureRow.id)
        with self.get(Database).reading() as session:
            lines: Lines = [
                (row.at, said("Removed: %(what)s", what=_ERASED[DataKind(row.kind)])) for row in session.scalars(query)
                if row.outcome == Outcome.ERASED
            ]  # fmt: skip
        if lines:
            yield Part(said("What was removed"), tuple(lines))

    def _asked(self, group: str) -> dict[str, ComprehensionCheck]:
        """Every check that was ever published, by its hash."""
        documents = [one.study.documents.get(group) for one in self.get(StudyBook).all()]
        return {one.comprehension.content_hash: one.comprehension for one in documents if one}


def _dated(at: datetime, what: Words) -> Words:
    return said("%(when)s: %(what)s", when=at, what=what)
