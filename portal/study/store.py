"""Published versions: never changed, kept for ever."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base


class StudyPublication(Base):
    """A study as it was published, by the hash of its content."""

    __tablename__ = "study_publication"

    id: Mapped[int] = mapped_column(primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64), unique=True)
    content: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime]
