"""Consent's tables. What was signed is only ever added: triggers refuse every change and removal."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.db.kinds import DataKind
from portal.db.personal import PersonalText
from portal.db.types import EncryptedText


class ReadingRow(Base):
    """The first time that a participant opened a version of the information sheet."""

    __tablename__ = "sheet_reading"
    __table_args__ = (UniqueConstraint("participant_id", "sheet_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"))
    sheet_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class CheckRow(Base):
    """Answers to the comprehension check, for the person who takes consent."""

    __tablename__ = "comprehension_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), index=True)
    check_hash: Mapped[str] = mapped_column(String(64))
    answers: Mapped[str] = mapped_column(PersonalText("consent.check.answers", DataKind.ANSWERS))
    at: Mapped[datetime]


class DraftRow(Base):
    """Answers so far. Gone once consent is given."""

    __tablename__ = "consent_draft"

    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    form_hash: Mapped[str] = mapped_column(String(64))
    answers: Mapped[str] = mapped_column(PersonalText("consent.draft.answers", DataKind.CONSENT))
    updated_at: Mapped[datetime]


class ConsentRow(Base):
    """A consent: exactly what was shown, by hash, and the signature."""

    __tablename__ = "consent"
    __table_args__ = (UniqueConstraint("participant_id", "form_hash", "generation"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), index=True)
    generation: Mapped[int]
    """How many withdrawals came before: the same form can be consented to again after one, but not twice."""
    publication_hash: Mapped[str] = mapped_column(String(64))
    form_hash: Mapped[str] = mapped_column(String(64))
    sheet_hash: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(PersonalText("consent.consent.name", DataKind.CONSENT))
    drawn: Mapped[str] = mapped_column(PersonalText("consent.consent.drawn", DataKind.CONSENT))
    at: Mapped[datetime]
    chain_seq: Mapped[int]
    chain_hash: Mapped[str] = mapped_column(String(64))


class AnswerRow(Base):
    """The answer to one statement, with the hash of the statement as shown."""

    __tablename__ = "consent_answer"

    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    statement_key: Mapped[str] = mapped_column(String(40))
    statement_hash: Mapped[str] = mapped_column(String(64))
    agreed: Mapped[bool]
    initials: Mapped[str] = mapped_column(PersonalText("consent.answer.initials", DataKind.CONSENT))


class CountersignatureRow(Base):
    """The person taking consent signs: the conversation, and how she knew who it was."""

    __tablename__ = "countersignature"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"), unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    name: Mapped[str] = mapped_column(EncryptedText("consent.countersignature.name"))
    conversation_on: Mapped[datetime]
    conversation: Mapped[str] = mapped_column(PersonalText("consent.countersignature.conversation", DataKind.CONSENT))
    identity_check: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    chain_seq: Mapped[int]
    chain_hash: Mapped[str] = mapped_column(String(64))


class WithdrawalRow(Base):
    """A participant stopped, by one of the study's levels. No reason is asked for."""

    __tablename__ = "withdrawal"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), index=True)
    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"))
    publication_hash: Mapped[str] = mapped_column(String(64))
    level: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    chain_seq: Mapped[int]
    chain_hash: Mapped[str] = mapped_column(String(64))
