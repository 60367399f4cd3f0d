"""What each feature puts into a participant's own copy."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.audit.service import AuditLog
from portal.booking.domain import Mode
from portal.booking.service import BookingService
from portal.consent.history import ConsentHistory
from portal.consent.service import ConsentService
from portal.consent.store import ConsentRow
from portal.db.engine import Database
from portal.demographics.domain import Given, readable
from portal.demographics.service import DemographicsService
from portal.enquiries.store import EnquiryRow
from portal.messages.domain import Channel, SafeHours
from portal.notes.domain import NoteKind
from portal.notes.service import NotesService
from portal.own_copy.domain import File, Part, Words
from portal.own_copy.service import OwnCopyService
from portal.people.contact import ContactService
from portal.people.domain import Participant
from portal.people.identities import Identities
from portal.people.service import PeopleService
from portal.receipts.service import ReceiptService
from portal.recordings.domain import Recording
from portal.rooms.domain import Outcome
from portal.rooms.store import RoomNoteRow, RoomOutcomeRow, RoomRow
from portal.sentence import Sentence, said
from portal.study.service import StudyBook
from portal.wiring.lookup import Lookup
from portal.wiring.own_copy_more import MoreSources
from portal.workspace.domain import RecordingSource

Lines = list[tuple[Words, Words]]
_CHANNELS = {Channel.EMAIL: said("by e-mail"), Channel.SMS: said("by text message")}
_WAYS = {Mode.VIDEO: said("by video"), Mode.PHONE: said("by telephone")}
_NOTES = {NoteKind.NOTE: said("note"), NoteKind.MEMO: said("thoughts on the interview")}
_OUTCOMES = {
    Outcome.DONE: said("it took place"), Outcome.BROKEN_OFF: said("it was broken off"),
    Outcome.NOT_ATTENDED: said("it did not take place"),
}  # fmt: skip


def build_own_copy(
    get: Lookup, history: ConsentHistory, notes: NotesService, identities: Identities, recordings: RecordingSource
) -> OwnCopyService:
    """The service with every feature's chapters."""
    sources, more = Sources(get, history, notes, identities, recordings), MoreSources(get)
    parts = (
        sources.participation, sources.contact, more.checks, more.reasons, sources.consents, more.conversations,
        sources.answers, sources.interviews, sources.recordings, sources.messages, sources.team_notes, sources.looks,
        more.erased, sources.kept,
    )  # fmt: skip
    return OwnCopyService(get(AuditLog), get(StudyBook), parts, (sources.receipts,))


@dataclass(frozen=True)
class Sources:
    """The features that know something of a participant."""

    get: Lookup
    history: ConsentHistory
    notes: NotesService
    identities: Identities
    recordings_of: RecordingSource

    def participation(self, person: Participant) -> Iterable[Part]:
        """Who she is to the study."""
        study = self.get(StudyBook).current().study
        yield Part(
            said("Taking part"),
            (
                (said("Study ID"), person.study_id), (said("Group"), study.group(person.group).label),
                (said("Site"), study.site(person.site).name), (said("Invited"), person.invited_at),
                (said("Link opened"), person.first_opened_at or said("not yet")),
            ),
        )  # fmt: skip

    def contact(self, person: Participant) -> Iterable[Part]:
        """How she can be reached."""
        choices = self.get(ContactService).choices(person.id)
        yield Part(
            said("How to reach you"),
            (
                (said("E-mail address"), self.get(PeopleService).email_of(person.id) or said("none given")),
                (said("Telephone"), choices.phone or said("none given")),
                (said("Messages"), _CHANNELS[choices.channel] if choices.channel else said("none")),
                (said("When messages may reach you"), _hours(choices.hours)),
                (said("Messages come under a neutral name"), _yes(choices.neutral_name)),
                (said("May the team ring"), _yes(choices.may_ring)),
                (said("May a voice message be left"), _yes(choices.voicemail)),
                (said("Reminders are welcome"), _yes(choices.optional)),
            ),
        )

    def consents(self, person: Participant) -> Iterable[Part]:
        """What she agreed to."""
        with self.get(Database).reading() as session:
            mine = select(ConsentRow).where(ConsentRow.participant_id == person.id)
            names = {row.reference: row.name for row in session.scalars(mine)}
        for one in self.history.of(person):
            lines: Lines = [
                (said("Signed by"), names.get(one.reference, "")), (said("Reference"), one.reference),
                *((statement.text, _yes(agreed)) for statement, agreed in one.answered),
            ]  # fmt: skip
            if one.countersigned:
                signed = said("%(when)s by %(name)s", when=one.countersigned.at, name=one.countersigned.name)
                lines.append((said("Countersigned"), signed))
            lines += [(said("You changed your mind"), _dated(two.at, two.chosen.label)) for two in one.withdrawals]
            title = said("Consent of %(when)s, form version %(version)s", when=one.at, version=one.form.version)
            yield Part(title, tuple(lines))

    def answers(self, person: Participant) -> Iterable[Part]:
        """What she answered about herself: what counts, and what it took the place of."""
        given = self.get(DemographicsService).history(person)
        if given:
            yield Part(said("Your answers"), tuple(_answered(one[-1]) for one in given))
        changed = [_answered(earlier) for one in given for earlier in one[:-1]]
        if changed:
            yield Part(said("Your earlier answers, which you changed later"), tuple(changed))

    def interviews(self, person: Participant) -> Iterable[Part]:
        """Her appointments, with what she needs on the day."""
        lines: Lines = []
        for one in self.get(BookingService).of_participant(person.id):
            needs = [one.details.language, one.details.access_needs, one.details.phone]
            told = said(
                "%(when)s, %(way)s %(needs)s", when=one.starts_at, way=_WAYS[one.details.mode],
                needs="; ".join(word for word in needs if word),
            )  # fmt: skip
            lines.append((one.reference, said("Cancelled: %(booking)s", booking=told) if one.cancelled_at else told))
        if lines:
            yield Part(said("Your interview times"), tuple(lines))

    def recordings(self, person: Participant) -> Iterable[Part]:
        """That recordings of her exist, and how she gets to hear them: the portal itself cannot open them."""
        contact = self.get(StudyBook).current().study.contacts[0]
        lines: Lines = [(said("Recorded"), _recorded(one)) for one in self.recordings_of(person)]
        asking = said(
            "Recordings are locked so that only the research team can open them. So they are not in this file. To hear "
            "yours or to have a copy, write to the team on your study page, or to %(name)s: %(email)s.",
            name=contact.name, email=contact.email,
        )  # fmt: skip
        if lines:
            yield Part(said("Recordings of your interviews"), (*lines, (said("How to hear them"), asking)))
        else:
            yield Part(said("Recordings of your interviews"), ((said("Recorded"), said("nothing so far")),))

    def messages(self, person: Participant) -> Iterable[Part]:
        """Her conversation with the team."""
        query = select(EnquiryRow).where(EnquiryRow.participant_id == person.id).order_by(EnquiryRow.id)
        with self.get(Database).reading() as session:
            rows = [row for row in session.scalars(query) if row.text]
        if rows:
            lines = tuple((_dated(row.at, said("You") if row.staff_id is None else said("The team")), row.text)
                          for row in rows)  # fmt: skip
            yield Part(said("Your messages with the team"), lines)

    def team_notes(self, person: Participant) -> Iterable[Part]:
        """What the team wrote down about her."""
        lines: Lines = [(_dated(one.at, _NOTES[one.kind]), one.text) for one in self.notes.of(person)]
        mine = RoomRow.participant_id == person.id
        kept = select(RoomNoteRow).join(RoomRow, RoomRow.id == RoomNoteRow.room_id).where(mine)
        ended = select(RoomOutcomeRow).join(RoomRow, RoomRow.id == RoomOutcomeRow.room_id).where(mine)
        with self.get(Database).reading() as session:
            lines += [
                (_dated(row.updated_at, said("during the interview")), row.text)
                for row in session.scalars(kept) if row.text
            ]  # fmt: skip
            lines += [(_dated(row.at, said("how the interview ended")), _ended(row)) for row in session.scalars(ended)]
        if lines:
            yield Part(said("What the team wrote down"), tuple(lines))

    def looks(self, person: Participant) -> Iterable[Part]:
        """When somebody of the team looked at her address."""
        lines: Lines = [(one.at, f"{one.why}: {one.words}") for one in self.identities.looks(person.id)]
        if lines:
            yield Part(said("When the team looked at your address, and why"), tuple(lines))

    def kept(self, _person: Participant) -> Iterable[Part]:
        """How long what is kept."""
        study = self.get(StudyBook).current().study
        yield Part(said("How long it is kept"), tuple((one.what, one.period) for one in study.retention))

    def receipts(self, person: Participant) -> Iterable[File]:
        """Her receipts as they were sealed."""
        receipts = self.get(ReceiptService)
        references = [reference for _, reference, _ in self.get(ConsentService).references(person.id)]
        for reference in sorted(receipts.sealed_among(references)):
            content = receipts.pdf(reference)
            if content:
                yield File(f"receipts/{receipts.receipt(reference).file_name}", content)


def _answered(one: Given) -> tuple[Words, Words]:
    answer = said("you prefer not to say") if one.value.declined else readable(one.question, one.value)
    when = said(
        "%(answer)s (%(when)s, version %(version)s of the questions)", answer=answer, when=one.at, version=one.version
    )
    return one.question.label, when


def _recorded(one: Recording) -> Words:
    length = said("%(minutes)s minutes", minutes=-(-one.duration_ms // 60_000))
    if one.destroyed_at:
        return said("%(when)s; destroyed on %(day)s", when=one.opened_at, day=one.destroyed_at)
    if one.discarded:
        return said("%(when)s; nothing of it was kept", when=one.opened_at)
    return said("%(when)s, %(length)s", when=one.opened_at, length=length)


def _ended(row: RoomOutcomeRow) -> Words:
    outcome = _OUTCOMES[Outcome(row.outcome)]
    return said("%(outcome)s: %(why)s", outcome=outcome, why=row.reason) if row.reason else outcome


def _hours(hours: SafeHours) -> Sentence:
    if len(hours.days) == 7:
        return said("from %(start)s to %(end)s o'clock", start=hours.start, end=hours.end)
    return said(
        "from %(start)s to %(end)s o'clock, on %(count)s days of the week", start=hours.start, end=hours.end,
        count=len(hours.days),
    )  # fmt: skip


def _dated(at: datetime, what: Words) -> Sentence:
    return said("%(when)s: %(what)s", when=at, what=what)


def _yes(answer: bool) -> Sentence:  # noqa: FBT001 - the one thing it depends on
    return said("yes") if answer else said("no")
