"""Participants and, apart from them, their sealed identities."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.db.base import Base
from portal.db.kinds import DataKind
from portal.db.personal import PersonalText
from portal.people.domain import Participant


class ParticipantRow(Base):
    """A participant by study ID: what research pages and exports may join."""

    __tablename__ = "participant"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[str] = mapped_column(String(20), unique=True)
    group: Mapped[str] = mapped_column(String(40))
    site: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(10))
    invited_at: Mapped[datetime]
    first_opened_at: Mapped[datetime | None]

    def as_participant(self) -> Participant:
        """The row as plain data."""
        return Participant(
            self.id, self.study_id, self.group, self.site, self.language, self.invited_at, self.first_opened_at
        )


class IdentityRow(Base):
    """Who a participant is. Never joined by research pages or exports."""

    __tablename__ = "identity"

    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    email: Mapped[str] = mapped_column(PersonalText("people.identity.email", DataKind.CONTACT))
    email_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)


class InvitationRow(Base):
    """A link. Only the hash of its token is kept."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]


class SignInCodeRow(Base):
    """A one-time code sent by e-mail. Only a keyed hash is kept."""

    __tablename__ = "sign_in_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), index=True)
    code_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int]
    used_at: Mapped[datetime | None]


def lock(session: Session, participant_id: int) -> None:
    """Make what one participant does take turns: two taps, two tabs, two processes."""
    session.execute(select(ParticipantRow.id).where(ParticipantRow.id == participant_id).with_for_update())
