"""Participants and, apart from them, their sealed identities."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.db.base import Base
from portal.db.kinds import DataKind
from portal.db.personal import PersonalText
from portal.messages.domain import Channel, SafeHours
from portal.people.domain import ContactChoices, Participant
from portal.study.places import Place


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
    email: Mapped[str | None] = mapped_column(PersonalText("people.identity.email", DataKind.CONTACT))
    email_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    phone: Mapped[str | None] = mapped_column(PersonalText("people.identity.phone", DataKind.CONTACT))


class ContactChoiceRow(Base):
    """How she may be contacted, as she chose. Without a row, the careful defaults of `ContactChoices` hold."""

    __tablename__ = "contact_choice"

    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    channel: Mapped[str | None] = mapped_column(String(10))
    from_hour: Mapped[int]
    to_hour: Mapped[int]
    days: Mapped[str] = mapped_column(String(7))
    """Digits of the days of the week, 0 for Monday."""
    neutral_name: Mapped[bool]
    optional: Mapped[bool]
    may_ring: Mapped[bool]
    voicemail: Mapped[bool]
    changed_at: Mapped[datetime]

    def keep(self, choices: ContactChoices, at: datetime) -> None:
        """Take over what she chose."""
        self.channel = choices.channel.value if choices.channel else None
        self.from_hour, self.to_hour = choices.hours.start, choices.hours.end
        self.days = "".join(str(day) for day in sorted(choices.hours.days))
        self.neutral_name, self.optional = choices.neutral_name, choices.optional
        self.may_ring, self.voicemail, self.changed_at = choices.may_ring, choices.voicemail, at


def choices_of(row: ContactChoiceRow | None, identity: IdentityRow | None) -> ContactChoices:
    """What she chose, as plain data."""
    phone = (identity.phone or "") if identity else ""
    if row is None:
        return ContactChoices(phone=phone)
    return ContactChoices(
        Channel(row.channel) if row.channel else None,
        SafeHours(row.from_hour, row.to_hour, frozenset(int(day) for day in row.days)),
        row.neutral_name, row.optional, row.may_ring, row.voicemail, phone,
    )  # fmt: skip


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


def places(session: Session) -> list[Place]:
    """Where participants are, whatever became of them."""
    query = select(ParticipantRow.group, ParticipantRow.site, func.count()).group_by(
        ParticipantRow.group, ParticipantRow.site
    )
    return [Place(group, site, people) for group, site, people in session.execute(query)]
