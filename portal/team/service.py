"""Accounts of the research team: password (argon2id) and a time-based code, each needed every time."""

import hashlib
import secrets
from dataclasses import dataclass

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.team import events
from portal.team.domain import INVITATION_LASTS, Member, Role
from portal.team.errors import EmailTaken, InvitationRefused, MemberUnknown, SignInRefused
from portal.team.store import StaffInvitationRow, StaffRow

_STEP = 30


@dataclass(frozen=True)
class Enrolment:
    """What a new member sets up: the secret for the authenticator app."""

    role: Role
    totp_secret: str


class TeamService:
    """Members, their sign-in and their invitations."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, hasher: PasswordHasher) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._hasher = hasher
        self._nobody = hasher.hash(secrets.token_hex(16))

    def invite(self, role: Role, *, actor: Actor) -> str:
        """A one-time token to open an account with the role."""
        token = secrets.token_urlsafe(24)
        row = StaffInvitationRow(
            token_hash=_hash(token), role=role.value, totp_secret=pyotp.random_base32(),
            expires_at=self._clock() + INVITATION_LASTS,
        )  # fmt: skip
        with self._database.transaction() as session:
            session.add(row)
            session.flush()
            self._audit.record(
                session, events.INVITED, actor=actor, subject=f"staff-invitation:{row.id}", role=role.value
            )
        return token

    def enrolment(self, token: str) -> Enrolment:
        """What to set up. Raises InvitationRefused."""
        with self._database.reading() as session:
            row = self._invitation(session, token)
            return Enrolment(Role(row.role), row.totp_secret)

    def join(self, token: str, *, name: str, email: str, password: str, code: str) -> Member:
        """Open the account, once the authenticator app has shown that it works.

        Raises:
            InvitationRefused, EmailTaken
            SignInRefused: the code is wrong; nothing was used up.
        """
        hashed = self._hasher.hash(password)
        try:
            with self._database.transaction() as session:
                row = self._invitation(session, token)
                step = self._matching_step(row.totp_secret, code)
                if step is None:
                    raise SignInRefused("the code does not match")
                staff = StaffRow(
                    name=name, email=email, email_digest=self._digest(email), role=row.role, password_hash=hashed,
                    totp_secret=row.totp_secret, totp_last_step=step, joined_at=self._clock(),
                )  # fmt: skip
                session.add(staff)
                session.flush()
                row.used_at, row.staff_id = self._clock(), staff.id
                self._audit.record(
                    session, events.JOINED, actor=Actor.staff(staff.id), subject=f"staff:{staff.id}", role=row.role
                )
        except IntegrityError as error:
            raise EmailTaken("another member has this address") from error
        return staff.as_member()

    def sign_in(self, email: str, password: str, code: str) -> Member:
        """Check password and code together; a code works once. Raises SignInRefused."""
        with self._database.reading() as session:
            known = self._by_email(session, email)
        right = self._right_password(known.password_hash if known else self._nobody, password)
        with self._database.transaction() as session:
            row = session.get(StaffRow, known.id, with_for_update=True) if known else None
            step = self._matching_step(row.totp_secret, code) if row else None
            if row is None or not right or row.closed_at or step is None or step <= row.totp_last_step:
                subject = f"staff:{row.id}" if row else "staff:unknown"
                self._audit.record(session, events.SIGN_IN_REFUSED, actor=Actor.system("sign-in"), subject=subject)
                member = None
            else:
                row.totp_last_step = step
                member = row.as_member()
                self._audit.record(
                    session,
                    events.SIGNED_IN,
                    actor=Actor.staff(row.id),
                    subject=f"staff:{row.id}",
                    method="password-totp",
                )
        if member is None:
            raise SignInRefused("not signed in")
        return member

    def confirm(self, staff_id: int, password: str, code: str) -> None:
        """Prove again, in a signed-in session, who one is. A code works once. Raises MemberUnknown, SignInRefused."""
        with self._database.reading() as session:
            known = session.get(StaffRow, staff_id)
        if known is None:
            raise MemberUnknown(f"no member has the number {staff_id}")
        right = self._right_password(known.password_hash, password)
        actor, subject = Actor.staff(staff_id), f"staff:{staff_id}"
        with self._database.transaction() as session:
            row = session.get_one(StaffRow, staff_id, with_for_update=True)
            step = self._matching_step(row.totp_secret, code)
            proved = right and not row.closed_at and step is not None and step > row.totp_last_step
            if proved and step is not None:
                row.totp_last_step = step
                self._audit.record(session, events.CONFIRMED, actor=actor, subject=subject, method="password-totp")
            else:
                self._audit.record(session, events.SIGN_IN_REFUSED, actor=actor, subject=subject)
        if not proved:
            raise SignInRefused("not confirmed")

    def member(self, staff_id: int) -> Member:
        """Raises MemberUnknown."""
        with self._database.reading() as session:
            row = session.get(StaffRow, staff_id)
        if row is None:
            raise MemberUnknown(f"no member has the number {staff_id}")
        return row.as_member()

    def members(self) -> list[Member]:
        """Everybody, in order of joining."""
        with self._database.reading() as session:
            return [row.as_member() for row in session.scalars(select(StaffRow).order_by(StaffRow.id))]

    def close(self, staff_id: int, *, actor: Actor) -> None:
        """Close an account; what it did stays. The caller ends its sessions. Raises MemberUnknown."""
        with self._database.transaction() as session:
            row = session.get(StaffRow, staff_id)
            if row is None:
                raise MemberUnknown(f"no member has the number {staff_id}")
            if row.closed_at is None:
                row.closed_at = self._clock()
                self._audit.record(session, events.CLOSED, actor=actor, subject=f"staff:{staff_id}")

    def _right_password(self, hashed: str, password: str) -> bool:
        """Takes as long for an unknown address as for a known one."""
        try:
            return self._hasher.verify(hashed, password)
        except VerificationError:
            return False

    def _matching_step(self, secret: str, code: str) -> int | None:
        totp, now = pyotp.TOTP(secret), int(self._clock().timestamp())
        for step in (now // _STEP, now // _STEP - 1, now // _STEP + 1):
            if secrets.compare_digest(totp.at(step * _STEP).encode(), code.encode("utf-8", "replace")):
                return step
        return None

    def _invitation(self, session: Session, token: str) -> StaffInvitationRow:
        row = session.scalars(
            select(StaffInvitationRow).where(StaffInvitationRow.token_hash == _hash(token)).with_for_update()
        ).one_or_none()
        if row is None or row.used_at or row.expires_at <= self._clock():
            raise InvitationRefused("unknown, used or too old")
        return row

    def _by_email(self, session: Session, email: str) -> StaffRow | None:
        return session.scalars(select(StaffRow).where(StaffRow.email_digest == self._digest(email))).one_or_none()

    def _digest(self, email: str) -> bytes:
        return self._database.keyring.digest("team.staff.email", email.strip().casefold())


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
