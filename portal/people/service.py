"""Invite, open an invitation, come back by e-mail."""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable

from sqlalchemy import exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.db.personal import personal
from portal.messages.service import Outbox
from portal.people import events
from portal.people.domain import CODE_LASTS, CODE_TRIES, CODES_AN_HOUR, INVITATION_LASTS, Invited, Participant
from portal.people.errors import (
    CannotRecruit,
    CodeRefused,
    EmailTaken,
    InvitationExpired,
    InvitationUnknown,
    InvitationUsed,
    NoAddress,
    ParticipantUnknown,
    PlaceGone,
)
from portal.people.store import ContactChoiceRow, IdentityRow, InvitationRow, ParticipantRow, SignInCodeRow
from portal.study.service import StudyBook

_EMAIL = "people.identity.email"
_CODE = "people.sign_in_code"


class PeopleService:
    """Participants, their invitations and their way back."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        outbox: Outbox,
        studies: StudyBook,
        *,
        demonstration: bool,
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._outbox = outbox
        self._studies = studies
        self._demonstration = demonstration

    def invite(self, group: str, site: str, *, actor: Actor, email: str = "") -> Invited:
        """Make a participant and her link.

        Args:
            email: where to send the link; used for this message alone and not kept.

        Raises:
            CannotRecruit: a document is a draft and this is no demonstration.
            PlaceGone: the study has no such group or site, perhaps since a moment ago. Nothing was made.
        """
        with self._database.transaction() as session:
            self._audit.take_turn(session)
            # Read once it is our turn: a version is published in one too, and may have taken out the group or the site.
            study = self._studies.current().study
            if study.draft and not self._demonstration:
                raise CannotRecruit("a document of the study is still a draft")
            try:
                prefix, site = study.group(group).prefix, study.site(site).key
            except KeyError as error:
                raise PlaceGone(f"the study has no {error} now") from error
            # By prefix, not by group: an amendment may give a group the letters that another one had.
            taken = session.scalar(select(func.count()).where(ParticipantRow.study_id.startswith(f"{prefix}-"))) or 0
            row = ParticipantRow(
                study_id=f"{prefix}-{taken + 1:04}", group=group, site=site,
                language=study.languages[0], invited_at=self._clock(),
            )  # fmt: skip
            session.add(row)
            session.flush()
            self._audit.record(
                session, events.INVITED, actor=actor, subject=f"participant:{row.study_id}", group=group, site=site
            )
            return self._link(session, row, email)

    def renew(self, participant_id: int, *, actor: Actor, email: str = "", to_known: bool = False) -> Invited:
        """A fresh link for who lost hers; older links end.

        Args:
            email: as in `invite`.
            to_known: send it to the address that she has given us, which nobody needs to see for it.

        Raises:
            ParticipantUnknown
            NoAddress: none is known, or she wants no messages; nothing was changed.
        """
        with self._database.transaction() as session:
            row = _row(session, participant_id)
            if to_known and not _reachable(session, participant_id):
                raise NoAddress("she has given no address, or wants no messages")
            unused = InvitationRow.participant_id == participant_id, InvitationRow.used_at.is_(None)
            session.execute(update(InvitationRow).where(*unused).values(replaced_at=self._clock()))
            self._audit.record(session, events.INVITATION_RENEWED, actor=actor, subject=f"participant:{row.study_id}")
            return self._link(session, row, email, to_known=to_known)

    def check(self, token: str) -> Participant:
        """Whose invitation the token is, without using it up: mail scanners fetch links too.

        Raises:
            InvitationUnknown, InvitationExpired, InvitationUsed
        """
        with self._database.reading() as session:
            return _row(session, self._valid(session, token).participant_id).as_participant()

    def open(self, token: str) -> Participant:
        """Use the invitation. Raises as `check`."""
        with self._database.transaction() as session:
            invitation = self._valid(session, token, to_use=True)
            invitation.used_at = self._clock()
            row = _row(session, invitation.participant_id)
            row.first_opened_at = row.first_opened_at or self._clock()
            self._audit.record(
                session, events.INVITATION_OPENED, actor=Actor.participant(row.study_id),
                subject=f"participant:{row.study_id}",
            )  # fmt: skip
            return row.as_participant()

    def participant(self, participant_id: int) -> Participant:
        """Raises ParticipantUnknown."""
        return self._database.once(("participant", participant_id), lambda: self._participant(participant_id))

    def by_study_id(self, study_id: str) -> Participant:
        """Raises ParticipantUnknown."""
        with self._database.reading() as session:
            row = session.scalars(select(ParticipantRow).where(ParticipantRow.study_id == study_id)).one_or_none()
        if row is None:
            raise ParticipantUnknown("no participant has this study ID")
        return row.as_participant()

    def many(self, participant_ids: Collection[int]) -> dict[int, Participant]:
        """These participants by number."""
        if not participant_ids:
            return {}
        query = select(ParticipantRow).where(ParticipantRow.id.in_(participant_ids))
        with self._database.reading() as session:
            return {row.id: row.as_participant() for row in session.scalars(query)}

    def seen_among(self, subjects: Collection[str], sites: Collection[str] | None) -> set[str]:
        """Those of the subjects ("participant:C-0007") that belong to the sites (None: all)."""
        if not subjects:
            return set()
        ids = [one.removeprefix("participant:") for one in subjects]
        query = select(ParticipantRow).where(ParticipantRow.study_id.in_(ids))
        if sites is not None:
            query = query.where(ParticipantRow.site.in_(sites))
        with self._database.reading() as session:
            return {row.as_participant().subject for row in session.scalars(query)}

    def all(self, sites: Iterable[str] | None = None) -> list[Participant]:
        """Every participant of the sites (None: of all sites), newest first."""
        query = select(ParticipantRow).order_by(ParticipantRow.id.desc())
        if sites is not None:
            query = query.where(ParticipantRow.site.in_(sorted(sites)))
        with self._database.reading() as session:
            return [row.as_participant() for row in session.scalars(query)]

    def email_of(self, participant_id: int) -> str | None:
        """Her own address, for her own pages and for messages to her."""
        with self._database.reading() as session:
            identity = session.get(IdentityRow, participant_id)
        return identity.email if identity else None

    def may_be_sent_a_link(self, participant_id: int) -> bool:
        """Whether she has given an address and lets us write to it. The address is not opened for this."""
        with self._database.reading() as session:
            return _reachable(session, participant_id)

    def set_email(self, participant_id: int, email: str) -> None:
        """Keep the address that she comes back with. Raises EmailTaken."""
        digest = self._digest(email)
        try:
            with self._database.transaction() as session:
                row = _row(session, participant_id)
                identity = session.get(IdentityRow, participant_id)
                if identity is None:
                    identity = IdentityRow(participant_id=participant_id)
                    session.add(identity)
                identity.email, identity.email_digest = personal(row.study_id, email), digest
                subject = f"participant:{row.study_id}"
                self._audit.record(session, events.EMAIL_SET, actor=Actor.participant(row.study_id), subject=subject)
        except IntegrityError as error:
            raise EmailTaken("another participant uses this address") from error

    def send_code(self, email: str) -> None:
        """Send a one-time code to the address, if it is somebody's. Whether it is, nobody learns from here."""
        now = self._clock()
        with self._database.transaction() as session:
            identity = self._by_email(session, email)
            if identity is None or self._too_many(session, identity.participant_id):
                return
            row = _row(session, identity.participant_id)
            code = f"{secrets.randbelow(1_000_000):06}"
            issued = SignInCodeRow(
                participant_id=row.id, code_digest=self._code_digest(row.id, code),
                created_at=now, expires_at=now + CODE_LASTS, tries=0,
            )  # fmt: skip
            session.add(issued)
            session.flush()
            self._outbox.queue(
                session, template="sign_in_code", to=f"participant:{row.study_id}", context={"code": code},
                key=f"sign-in-code:{issued.id}", not_after=issued.expires_at,
            )  # fmt: skip

    def sign_in(self, email: str, code: str) -> Participant:
        """Check a code. Five tries in all. Raises CodeRefused."""
        with self._database.transaction() as session:
            found = self._use_code(session, email, code)
        if found is None:
            raise CodeRefused("wrong, used or too old")
        return found

    def sign_in_with_passkey(self, participant_id: int) -> Participant:
        """Note that her passkey, checked before, brought her back. Raises ParticipantUnknown."""
        with self._database.transaction() as session:
            row = _row(session, participant_id)
            self._audit.record(
                session, events.SIGNED_IN, actor=Actor.participant(row.study_id), subject=f"participant:{row.study_id}",
                method="passkey",
            )  # fmt: skip
            return row.as_participant()

    def _use_code(self, session: Session, email: str, code: str) -> Participant | None:
        identity = self._by_email(session, email)
        if identity is None:
            return None
        newest = select(SignInCodeRow).where(SignInCodeRow.participant_id == identity.participant_id)
        issued = session.scalars(newest.order_by(SignInCodeRow.id.desc()).limit(1)).one_or_none()
        if issued is None or issued.used_at or issued.expires_at <= self._clock() or issued.tries >= CODE_TRIES:
            return None
        row = _row(session, identity.participant_id)
        issued.tries += 1
        subject = f"participant:{row.study_id}"
        if not hmac.compare_digest(issued.code_digest, self._code_digest(row.id, code)):
            self._audit.record(session, events.CODE_REFUSED, actor=Actor.system("sign-in"), subject=subject)
            return None
        issued.used_at = self._clock()
        self._audit.record(
            session, events.SIGNED_IN, actor=Actor.participant(row.study_id), subject=subject, method="email-code"
        )
        return row.as_participant()

    def _link(self, session: Session, row: ParticipantRow, email: str, *, to_known: bool = False) -> Invited:
        token = secrets.token_urlsafe(24)
        expires = self._clock() + INVITATION_LASTS
        link = InvitationRow(participant_id=row.id, token_hash=_hash(token), expires_at=expires)
        session.add(link)
        session.flush()
        if email or to_known:
            self._outbox.queue(
                session, template="invitation", to=f"participant:{row.study_id}", address=email or None,
                key=f"invitation:{link.id}", context={"token": token}, not_after=expires,
            )  # fmt: skip
        return Invited(row.as_participant(), token, expires)

    def _valid(self, session: Session, token: str, *, to_use: bool = False) -> InvitationRow:
        query = select(InvitationRow).where(InvitationRow.token_hash == _hash(token))
        found = session.scalars(query.with_for_update() if to_use else query).one_or_none()
        if found is None:
            raise InvitationUnknown("no such invitation")
        if found.used_at:
            raise InvitationUsed("opened before")
        if found.replaced_at or found.expires_at <= self._clock():
            raise InvitationExpired("too old, or replaced")
        return found

    def _too_many(self, session: Session, participant_id: int) -> bool:
        recent = select(func.count()).where(
            SignInCodeRow.participant_id == participant_id,
            SignInCodeRow.created_at > self._clock() - CODE_LASTS * 6,
        )
        return (session.scalar(recent) or 0) >= CODES_AN_HOUR

    def _by_email(self, session: Session, email: str) -> IdentityRow | None:
        return session.scalars(select(IdentityRow).where(IdentityRow.email_digest == self._digest(email))).one_or_none()

    def _participant(self, participant_id: int) -> Participant:
        with self._database.reading() as session:
            return _row(session, participant_id).as_participant()

    def _digest(self, email: str) -> bytes:
        return self._database.keyring.digest(_EMAIL, email.strip().casefold())

    def _code_digest(self, participant_id: int, code: str) -> bytes:
        return self._database.keyring.digest(_CODE, f"{participant_id}:{code}")


def _row(session: Session, participant_id: int) -> ParticipantRow:
    row = session.get(ParticipantRow, participant_id)
    if row is None:
        raise ParticipantUnknown(f"no participant has the number {participant_id}")
    return row


def _reachable(session: Session, participant_id: int) -> bool:
    silent = exists().where(ContactChoiceRow.participant_id == participant_id, ContactChoiceRow.channel.is_(None))
    known = IdentityRow.participant_id == participant_id, IdentityRow.email_digest.is_not(None)
    return bool(session.scalar(select(func.count()).where(*known, ~silent)))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
