"""The team's keys: public halves, and copies of the secret halves that only their owners can open."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.recordings.age import parse_recipient
from portal.recordings.keys.domain import KeyKind, TeamKey, Wrap, WrapKind


class TeamKeyRow(Base):
    """A public key and its dates."""

    __tablename__ = "team_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    owner: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    recipient: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    registered_at: Mapped[datetime]
    registered_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    retired_at: Mapped[datetime | None]
    retired_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    threshold: Mapped[int | None]
    """How many shares of the recovery key join again."""
    shares: Mapped[int | None]

    def as_key(self) -> TeamKey:
        """The row as plain data."""
        return TeamKey(
            self.id, KeyKind(self.kind), self.owner, parse_recipient(self.recipient), self.registered_at,
            self.registered_by,
            self.confirmed_at, self.confirmed_by, self.retired_at, self.threshold, self.shares,
        )  # fmt: skip


class TeamKeyWrapRow(Base):
    """One wrapped copy of a key's secret half."""

    __tablename__ = "team_key_wrap"

    id: Mapped[int] = mapped_column(primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("team_key.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(80))
    blob: Mapped[str] = mapped_column(Text)
    passkey: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime]

    def as_wrap(self) -> Wrap:
        """The row as plain data."""
        return Wrap(self.id, self.key_id, WrapKind(self.kind), self.name, self.blob, self.passkey, self.added_at)
