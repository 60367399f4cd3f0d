"""What each feature puts into a participant's own copy."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.audit.service import AuditLog
from portal.booking.service import BookingService
from portal.clock import LONDON
from portal.consent.history import ConsentHistory
from portal.consent.service import ConsentService
from portal.consent.store import ConsentRow
from portal.db.engine import Database
from portal.demographics.domain import readable
from portal.demographics.service import DemographicsService
from portal.enquiries.store import EnquiryRow
from portal.notes.service import NotesService
from portal.own_copy.domain import File, Part
from portal.own_copy.service import OwnCopyService
from portal.people.contact import ContactService
from portal.people.domain import Participant
from portal.people.identities import Identities
from portal.people.service import PeopleService
from portal.receipts.service import ReceiptService
from portal.rooms.store import RoomNoteRow, RoomOutcomeRow, RoomRow
from portal.study.service import StudyBook
from portal.wiring.lookup import Lookup


def build_own_copy(get: Lookup, history: ConsentHistory, notes: NotesService, identities: Identities) -> OwnCopyService:
    """The service with every feature's chapters."""
    sources = Sources(get, history, notes, identities)
    parts = (
        sources.participation, sources.contact, sources.consents, sources.answers, sources.interviews,
        sources.messages, sources.team_notes, sources.looks, sources.kept,
    )  # fmt: skip
    return OwnCopyService(get(AuditLog), get(StudyBook), parts, (sources.receipts,))


@dataclass(frozen=True)
class Sources:
    """The features that know something of a participant."""

    get: Lookup
    history: ConsentHistory
    notes: NotesService
    identities: Identities

    def participation(self, person: Participant) -> Iterable[Part]:
        """Who she is to the study."""
        study = self.get(StudyBook).current().study
        opened = _when(person.first_opened_at) if person.first_opened_at else "not yet"
        yield Part(
            "Taking part",
            (
                ("Study ID", person.study_id), ("Group", study.group(person.group).label),
                ("Site", study.site(person.site).name), ("Invited", _when(person.invited_at)),
                ("Link opened", opened),
            ),
        )  # fmt: skip

    def contact(self, person: Participant) -> Iterable[Part]:
        """How she can be reached."""
        choices = self.get(ContactService).choices(person.id)
        yield Part(
            "How to reach you",
            (
                ("E-mail address", self.get(PeopleService).email_of(person.id) or "none given"),
                ("Telephone", choices.phone or "none given"),
                ("Messages", str(choices.channel or "none")),
                ("May the team ring", _yes(choices.may_ring)),
                ("May a voice message be left", _yes(choices.voicemail)),
                ("Reminders are welcome", _yes(choices.optional)),
            ),
        )

    def consents(self, person: Participant) -> Iterable[Part]:
        """What she agreed to."""
        with self.get(Database).reading() as session:
            mine = select(ConsentRow).where(ConsentRow.participant_id == person.id)
            names = {row.reference: row.name for row in session.scalars(mine)}
        for one in self.history.of(person):
            lines = [("Signed by", names.get(one.reference, "")), ("Reference", one.reference)]
            lines += [(statement.text, _yes(agreed)) for statement, agreed in one.answered]
            if one.countersigned:
                lines.append(("Countersigned", f"{_when(one.countersigned.at)} by {one.countersigned.name}"))
            lines += [("You changed your mind", f"{_when(two.at)}: {two.chosen.label}") for two in one.withdrawals]
            title = f"Consent of {_when(one.at)}, form version {one.form.version}"
            yield Part(title, tuple(lines))

    def answers(self, person: Participant) -> Iterable[Part]:
        """What she answered about herself."""
        given = self.get(DemographicsService).answers(person.id)
        questions = self.get(DemographicsService).questionnaire(person).questions
        lines = tuple(
            (one.label, "you prefer not to say" if given[one.key].declined else readable(one, given[one.key]))
            for one in questions if one.key in given
        )  # fmt: skip
        if lines:
            yield Part("Your answers", lines)

    def interviews(self, person: Participant) -> Iterable[Part]:
        """Her appointments, with what she needs on the day."""
        lines = []
        for one in self.get(BookingService).of_participant(person.id):
            needs = [one.details.language, one.details.access_needs, one.details.phone]
            told = "; ".join(word for word in needs if word)
            ended = " (cancelled)" if one.cancelled_at else ""
            lines.append((one.reference, f"{_when(one.starts_at)}, {one.mode}{ended} {told}".strip()))
        if lines:
            yield Part("Your interview times", tuple(lines))

    def messages(self, person: Participant) -> Iterable[Part]:
        """Her conversation with the team."""
        query = select(EnquiryRow).where(EnquiryRow.participant_id == person.id).order_by(EnquiryRow.id)
        with self.get(Database).reading() as session:
            rows = [row for row in session.scalars(query) if row.text]
        if rows:
            who = {True: "You", False: "The team"}
            lines = tuple((f"{who[row.staff_id is None]}, {_when(row.at)}", row.text) for row in rows)
            yield Part("Your messages with the team", lines)

    def team_notes(self, person: Participant) -> Iterable[Part]:
        """What the team wrote down about her."""
        lines = [(f"{one.kind}, {_when(one.at)}", one.text) for one in self.notes.of(person)]
        mine = RoomRow.participant_id == person.id
        kept = select(RoomNoteRow).join(RoomRow, RoomRow.id == RoomNoteRow.room_id).where(mine)
        ended = select(RoomOutcomeRow).join(RoomRow, RoomRow.id == RoomOutcomeRow.room_id).where(mine)
        with self.get(Database).reading() as session:
            lines += [
                (f"interview, {_when(row.updated_at)}", row.text) for row in session.scalars(kept) if row.text
            ]  # fmt: skip
            lines += [
                (f"how it ended, {_when(row.at)}", f"{row.outcome} {row.reason}") for row in session.scalars(ended)
            ]
        if lines:
            yield Part("What the team wrote down", tuple(lines))

    def looks(self, person: Participant) -> Iterable[Part]:
        """When somebody of the team looked at her address."""
        lines = tuple((_when(one.at), f"{one.why}: {one.words}") for one in self.identities.looks(person.id))
        if lines:
            yield Part("When the team looked at your address, and why", lines)

    def kept(self, _person: Participant) -> Iterable[Part]:
        """How long what is kept."""
        study = self.get(StudyBook).current().study
        yield Part("How long it is kept", tuple((one.what, one.period) for one in study.retention))

    def receipts(self, person: Participant) -> Iterable[File]:
        """Her receipts as they were sealed."""
        receipts = self.get(ReceiptService)
        references = [reference for _, reference, _ in self.get(ConsentService).references(person.id)]
        for reference in sorted(receipts.sealed_among(references)):
            content = receipts.pdf(reference)
            if content:
                yield File(f"receipts/{receipts.receipt(reference).file_name}", content)


def _when(at: datetime) -> str:
    return at.astimezone(LONDON).strftime("%-d %B %Y, %H:%M")


def _yes(answer: bool) -> str:  # noqa: FBT001 - the one thing it depends on
    return "yes" if answer else "no"
