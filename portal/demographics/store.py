"""Answers to the questionnaire: only added, so that every change stays visible. They carry no identity."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.db.kinds import DataKind
from portal.db.personal import PersonalText


class DemographicAnswerRow(Base):
    """One answer at one moment; the newest counts."""

    __tablename__ = "demographic_answer"
    __table_args__ = (Index("ix_demographic_answer_latest", "participant_id", "question_key", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"))
    questionnaire_hash: Mapped[str] = mapped_column(String(64))
    question_key: Mapped[str] = mapped_column(String(40))
    value: Mapped[str] = mapped_column(PersonalText("demographics.answer.value", DataKind.ANSWERS))
    at: Mapped[datetime]
