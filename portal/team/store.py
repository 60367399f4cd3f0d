"""The team's accounts."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base
from portal.db.types import EncryptedText
from portal.team.domain import Member, Role


class StaffRow(Base):
    """A member of the team."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(EncryptedText("team.staff.name"))
    email: Mapped[str] = mapped_column(EncryptedText("team.staff.email"))
    email_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    sites: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """Keys of the sites whose participants the member sees; null for all of them."""
    password_hash: Mapped[str] = mapped_column(String(200))
    totp_secret: Mapped[str] = mapped_column(EncryptedText("team.staff.totp"))
    totp_last_step: Mapped[int]
    """The newest 30-second step that a code was used for; that one and older ones are refused (no replay)."""
    joined_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    def as_member(self) -> Member:
        """The row as plain data, without secrets."""
        sites = None if self.sites is None else frozenset(self.sites)
        return Member(self.id, self.name, self.email, Role(self.role), self.closed_at is not None, sites)


class StaffDeviceRow(Base):
    """A kind of device, as it calls itself, on which a member signed in; gone when her account is closed."""

    __tablename__ = "staff_device"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    browser: Mapped[str] = mapped_column(String(40), primary_key=True)
    system: Mapped[str] = mapped_column(String(40), primary_key=True)
    first_at: Mapped[datetime]


class StaffInvitationRow(Base):
    """A one-time link to open an account."""

    __tablename__ = "staff_invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    sites: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    totp_secret: Mapped[str] = mapped_column(EncryptedText("team.staff_invitation.totp"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
