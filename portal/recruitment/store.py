"""Facts of not taking part: only ever added."""

from datetime import datetime

from sqlalchemy import ForeignKey, Select, String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.recruitment.domain import Kind, NotTakingPart


class NotTakingPartRow(Base):
    """One fact; the newest of a participant counts."""

    __tablename__ = "not_taking_part"

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]

    def as_fact(self) -> NotTakingPart:
        """The row as plain data."""
        return NotTakingPart(Kind(self.kind), self.reason, self.at)


def newest() -> Select[int]:
    """The number of each participant's newest fact."""
    return select(func.max(NotTakingPartRow.id)).group_by(NotTakingPartRow.participant_id)
