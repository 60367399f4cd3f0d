"""The record behind a reference, as a receipt shows it: read from the facts, so it can be made again at any time."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.consent.drawing import strokes
from portal.consent.errors import NoConsent
from portal.consent.states import level_of
from portal.consent.store import AnswerRow, ConsentRow, CountersignatureRow, WithdrawalRow
from portal.db.engine import Database
from portal.people.domain import Participant
from portal.people.service import PeopleService
from portal.receipts.domain import (
    ChainHead,
    DocumentShown,
    EarlierReceipt,
    Enclosure,
    Fact,
    Kind,
    Record,
    Signature,
    StatementAnswered,
    StudyFacts,
)
from portal.receipts.drawings import Strokes
from portal.receipts.service import ReceiptService
from portal.receipts.store import ReceiptRow
from portal.study.domain import Study
from portal.study.parts import Version
from portal.study.service import StudyBook

Row = TypeVar("Row", ConsentRow, CountersignatureRow, WithdrawalRow)

Sign = Callable[[int, str], str]
"""Signs where the audit trail stood: number and hash of an event."""


class Records:
    """Builds records, and knows which have no receipt yet."""

    def __init__(
        self, database: Database, studies: StudyBook, people: PeopleService, receipts: ReceiptService, sign: Sign
    ) -> None:
        self._database = database
        self._studies = studies
        self._people = people
        self._receipts = receipts
        self._sign = sign

    def sealed_since(self, moment: datetime) -> list[str]:
        """References whose receipt was sealed after the moment."""
        with self._database.reading() as session:
            return list(session.scalars(select(ReceiptRow.reference).where(ReceiptRow.sealed_at > moment)))

    def unsealed(self, most: int = 50) -> list[str]:
        """References that wait for their receipt, oldest first; a consent comes before its countersignature."""
        found: list[str] = []
        with self._database.reading() as session:
            for table in (ConsentRow, CountersignatureRow, WithdrawalRow):
                query = (
                    select(table.reference)
                    .outerjoin(ReceiptRow, ReceiptRow.reference == table.reference)
                    .where(ReceiptRow.id.is_(None))
                    .order_by(table.id)
                    .limit(most)
                )
                found += session.scalars(query)
        return found

    def build(self, reference: str) -> tuple[Participant, Record]:
        """Whose it is, and the record. Raises NoConsent for an unknown reference."""
        with self._database.reading() as session:
            consent = _by_reference(session, ConsentRow, reference)
            if consent is not None:
                return self._consent(session, consent)
            countersigned = _by_reference(session, CountersignatureRow, reference)
            if countersigned is not None:
                return self._countersignature(session, countersigned)
            stopped = _by_reference(session, WithdrawalRow, reference)
            if stopped is not None:
                return self._withdrawal(session, stopped)
        raise NoConsent(f"nothing has the reference {reference}")

    def _consent(self, session: Session, row: ConsentRow) -> tuple[Participant, Record]:
        person = self._people.participant(row.participant_id)
        study = self._studies.at(row.publication_hash).study
        documents = study.documents[person.group]
        answers = session.scalars(select(AnswerRow).where(AnswerRow.consent_id == row.id).order_by(AnswerRow.position))
        statements = []
        for answer in answers:
            shown = documents.consent.statement(answer.statement_key)
            mandatory = shown.kind == "mandatory"
            statements.append(
                StatementAnswered(
                    shown.key, shown.text, mandatory, answer.agreed, answer.initials, answer.statement_hash
                )
            )
        drawing: Strokes | None = strokes(row.drawn) if row.drawn else None
        sheet = documents.information_sheet
        text = "\n\n".join([f"# {sheet.title}", *(f"## {one.heading}\n\n{one.body}" for one in sheet.sections)])
        record = Record(
            kind=Kind.CONSENT, reference=row.reference, language=row.language, made_at=row.at,
            study=_facts(study, person), participant=person.study_id, group=study.group(person.group).label,
            documents=(_shown(sheet), _shown(documents.consent)), statements=tuple(statements),
            signatures=(Signature("Participant", row.name, documents.consent.declaration, row.at, drawing),),
            chain=self._chain(row.chain_seq, row.chain_hash),
            enclosures=(
                Enclosure("information-sheet.md", "text/markdown", "The information sheet as shown", text.encode()),
            ),
        )  # fmt: skip
        return person, record

    def _countersignature(self, session: Session, row: CountersignatureRow) -> tuple[Participant, Record]:
        consent = session.get_one(ConsentRow, row.consent_id)
        person = self._people.participant(consent.participant_id)
        study = self._studies.at(consent.publication_hash).study
        earlier = self._receipts.find(consent.reference) or self._receipts.issue(self._consent(session, consent)[1])
        record = Record(
            kind=Kind.COUNTERSIGNATURE, reference=row.reference, language=consent.language, made_at=row.at,
            study=_facts(study, person), participant=person.study_id, group=study.group(person.group).label,
            facts=(
                Fact("Conversation on", row.conversation_on.date().isoformat()),
                Fact("Conversation", row.conversation),
                Fact("Identity check", row.identity_check),
            ),
            signatures=(
                Signature("Person taking consent", row.name, "I took consent as recorded here.", row.at),
            ),
            earlier=(EarlierReceipt(Kind.CONSENT, consent.reference, earlier.sha256),),
            chain=self._chain(row.chain_seq, row.chain_hash),
        )  # fmt: skip
        return person, record

    def _withdrawal(self, session: Session, row: WithdrawalRow) -> tuple[Participant, Record]:
        person = self._people.participant(row.participant_id)
        study = self._studies.at(row.publication_hash).study
        consent = session.get_one(ConsentRow, row.consent_id)
        level = level_of(self._studies, row)
        notes = (level.explanation, study.withdrawal.after_cutoff) if level.removes_data else (level.explanation,)
        record = Record(
            kind=Kind.WITHDRAWAL, reference=row.reference, language=consent.language, made_at=row.at,
            study=_facts(study, person), participant=person.study_id, group=study.group(person.group).label,
            facts=(Fact("Choice", level.label), Fact("Consent", consent.reference)), notes=notes,
            chain=self._chain(row.chain_seq, row.chain_hash),
        )  # fmt: skip
        return person, record

    def _chain(self, seq: int, digest: str) -> ChainHead:
        return ChainHead(seq, digest, self._sign(seq, digest))


def _by_reference(session: Session, table: type[Row], reference: str) -> Row | None:
    return session.scalars(select(table).where(table.reference == reference)).one_or_none()


def _facts(study: Study, person: Participant) -> StudyFacts:
    contact = study.contacts[0]
    return StudyFacts(
        title=study.title, short_title=study.short_title, iras_id=study.iras_id, rec_name=study.ethics.name,
        rec_reference=study.ethics.reference, sponsor=study.sponsor.name, contact_name=contact.name,
        contact_email=contact.email, site=study.site(person.site).name, draft=study.draft,
    )  # fmt: skip


def _shown(document: Version) -> DocumentShown:
    return DocumentShown(document.title, document.version, document.date, document.language, document.content_hash)
