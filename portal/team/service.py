"""Accounts of the research team: password (argon2id) and a time-based code, each needed every time."""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pyotp
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.domain import Actor, EventKind
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.team import events
from portal.team.account_notices import AccountNotices, Change, Device
from portal.team.domain import INVITATION_LASTS, Member, Role, may_give
from portal.team.errors import (
    EmailTaken,
    InvitationRefused,
    LastLead,
    MemberUnknown,
    NotYourself,
    NotYoursToGive,
    SignInRefused,
)
from portal.team.factors import Passwords, matching_step
from portal.team.store import StaffInvitationRow, StaffRow

EndSessions = Callable[[str], None]
"""Ends every session of a principal such as "staff:3"."""
UNKNOWN: Device = ("", "")
"""A device that does not say what it is, such as a command line."""


@dataclass(frozen=True)
class Enrolment:
    """What a new member sets up: the secret for the authenticator app."""

    role: Role
    totp_secret: str


class TeamService:
    """Members, their sign-in and their invitations."""

    def __init__(
        self, database: Database, clock: Clock, audit: AuditLog, passwords: Passwords, end_sessions: EndSessions,
        notices: AccountNotices,
    ) -> None:  # fmt: skip
        self._database = database
        self._clock = clock
        self._audit = audit
        self._passwords = passwords
        self._end_sessions = end_sessions
        self._notices = notices

    def invite(self, role: Role, *, actor: Actor, sites: Iterable[str] | None = None) -> str:
        """A one-time token to open an account with the role, for some sites or for all of them (None).

        Raises:
            NotYoursToGive
        """
        token = secrets.token_urlsafe(24)
        row = StaffInvitationRow(
            token_hash=_hash(token), role=role.value, sites=_sorted(sites), totp_secret=pyotp.random_base32(),
            expires_at=self._clock() + INVITATION_LASTS,
        )  # fmt: skip
        with self._database.transaction() as session:
            _check_gift(session, actor, role)
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
        hashed = self._passwords.hash(password)
        try:
            with self._database.transaction() as session:
                row = self._invitation(session, token, to_use=True)
                step = matching_step(row.totp_secret, code, self._clock())
                if step is None:
                    raise SignInRefused("the code does not match")
                staff = StaffRow(
                    name=name, email=email, email_digest=self._digest(email), role=row.role, sites=row.sites,
                    password_hash=hashed, totp_secret=row.totp_secret, totp_last_step=step, joined_at=self._clock(),
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

    def sign_in(self, email: str, password: str, code: str, device: Device = UNKNOWN) -> Member:
        """Check password and code together; a code works once. Raises SignInRefused."""
        with self._database.reading() as session:
            known = self._by_email(session, email)
        return self._checked(known, password, code, events.SIGNED_IN, device)

    def confirm(self, staff_id: int, password: str, code: str) -> Member:
        """Prove again, in a signed-in session, who one is. A code works once. Raises SignInRefused."""
        with self._database.reading() as session:
            known = session.get(StaffRow, staff_id)
        return self._checked(known, password, code, events.CONFIRMED)

    def change_password(self, staff_id: int, password: str) -> Member:
        """A new password for somebody who has just proved herself; all her sessions end. Raises MemberUnknown."""
        hashed = self._passwords.hash(password)
        with self._database.transaction() as session:
            row = session.get(StaffRow, staff_id)
            if row is None:
                raise MemberUnknown(f"no member has the number {staff_id}")
            row.password_hash = hashed
            subject = f"staff:{staff_id}"
            entry = self._audit.record(session, events.PASSWORD_CHANGED, actor=Actor.staff(staff_id), subject=subject)
            self._notices.changed(session, subject, Change.PASSWORD, entry)
        self._end_sessions(f"staff:{staff_id}")
        return row.as_member()

    def sign_in_with_passkey(self, staff_id: int, device: Device = UNKNOWN) -> Member:
        """Note that a passkey, checked before, signed the member in. Raises MemberUnknown, SignInRefused."""
        return self._vouched(staff_id, events.SIGNED_IN, device)

    def confirm_with_passkey(self, staff_id: int) -> Member:
        """The same for somebody who proves herself again. Raises MemberUnknown, SignInRefused."""
        return self._vouched(staff_id, events.CONFIRMED)

    def _vouched(self, staff_id: int, proved: EventKind, device: Device | None = None) -> Member:
        with self._database.transaction() as session:
            row = session.get(StaffRow, staff_id)
            if row is None:
                raise MemberUnknown(f"no member has the number {staff_id}")
            if row.closed_at is not None:
                raise SignInRefused("the account is closed")
            self._record_proof(session, row, proved, "passkey", device)
            return row.as_member()

    def _checked(
        self, known: StaffRow | None, password: str, code: str, proved: EventKind, device: Device | None = None
    ) -> Member:
        right = self._passwords.right(known.password_hash if known else None, password)
        member = None
        with self._database.transaction() as session:
            row = session.get(StaffRow, known.id, with_for_update=True) if known else None
            step = matching_step(row.totp_secret, code, self._clock()) if row else None
            subject = f"staff:{row.id}" if row else "staff:unknown"
            if row is None or not right or row.closed_at or step is None or step <= row.totp_last_step:
                self._audit.record(session, events.SIGN_IN_REFUSED, actor=Actor.system("sign-in"), subject=subject)
            else:
                row.totp_last_step, member = step, row.as_member()
                self._record_proof(session, row, proved, "password-totp", device)
        if member is None:
            raise SignInRefused("not signed in")
        return member

    def _record_proof(
        self, session: Session, row: StaffRow, proved: EventKind, method: str, device: Device | None
    ) -> None:
        actor = Actor.staff(row.id)
        entry = self._audit.record(session, proved, actor=actor, subject=f"staff:{row.id}", method=method)
        if device is not None:
            self._notices.signed_in(session, row, device, entry)

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

    def names(self) -> dict[int, str]:
        """Everybody's name by number, also of those who have left: for pages that say who did something."""
        with self._database.reading() as session:
            return {row.id: row.name for row in session.execute(select(StaffRow.id, StaffRow.name))}

    def actor_names(self) -> dict[str, str]:
        """The same by the key under which the audit trail knows them."""
        return {Actor.staff(number).key: name for number, name in self.names().items()}

    def change(self, staff_id: int, role: Role, sites: Iterable[str] | None, *, actor: Actor) -> Member:
        """Give a member another role or other sites; it applies from her next request on.

        Raises:
            MemberUnknown, NotYourself, NotYoursToGive, LastLead
        """
        with self._database.transaction() as session:
            row = self._other(session, staff_id, actor)
            _check_gift(session, actor, role, Role(row.role))
            if row.role == Role.LEAD and role is not Role.LEAD:
                self._keep_a_lead(session, staff_id)
            row.role, row.sites = role.value, _sorted(sites)
            self._audit.record(
                session, events.CHANGED, actor=actor, subject=f"staff:{staff_id}", role=role.value,
                sites="all" if row.sites is None else ",".join(row.sites),
            )  # fmt: skip
        return row.as_member()

    def close(self, staff_id: int, *, actor: Actor) -> None:
        """Close an account and end its sessions at once; what it did stays.

        Raises:
            MemberUnknown, NotYourself, LastLead
        """
        with self._database.transaction() as session:
            row = self._other(session, staff_id, actor)
            if row.closed_at is None:
                if row.role == Role.LEAD:
                    self._keep_a_lead(session, staff_id)
                row.closed_at = self._clock()
                self._notices.forget(session, staff_id)
                self._audit.record(session, events.CLOSED, actor=actor, subject=f"staff:{staff_id}")
        self._end_sessions(f"staff:{staff_id}")

    def _other(self, session: Session, staff_id: int, actor: Actor) -> StaffRow:
        self._audit.take_turn(session)  # two leads who close each other at once: one of them comes second
        row = session.get(StaffRow, staff_id, with_for_update=True)
        if row is None:
            raise MemberUnknown(f"no member has the number {staff_id}")
        if actor == Actor.staff(staff_id):
            raise NotYourself("somebody else has to do this")
        return row

    def _keep_a_lead(self, session: Session, staff_id: int) -> None:
        others = select(func.count()).where(
            StaffRow.role == Role.LEAD.value, StaffRow.closed_at.is_(None), StaffRow.id != staff_id
        )
        if not session.scalar(others):
            raise LastLead("the study needs a lead")

    def _invitation(self, session: Session, token: str, *, to_use: bool = False) -> StaffInvitationRow:
        query = select(StaffInvitationRow).where(StaffInvitationRow.token_hash == _hash(token))
        row = session.scalars(query.with_for_update() if to_use else query).one_or_none()
        if row is None or row.used_at or row.expires_at <= self._clock():
            raise InvitationRefused("unknown, used or too old")
        return row

    def _by_email(self, session: Session, email: str) -> StaffRow | None:
        return session.scalars(select(StaffRow).where(StaffRow.email_digest == self._digest(email))).one_or_none()

    def _digest(self, email: str) -> bytes:
        return self._database.keyring.digest("team.staff.email", email.strip().casefold())


def _check_gift(session: Session, actor: Actor, *roles: Role) -> None:
    """Raises NotYoursToGive if the actor, as a member, may not give or take one of the roles."""
    giver = session.get(StaffRow, actor.staff_id) if actor.staff_id is not None else None
    if giver is not None and not all(may_give(Role(giver.role), role) for role in roles):
        raise NotYoursToGive("only a lead gives access to participants")


def _sorted(sites: Iterable[str] | None) -> list[str] | None:
    return None if sites is None else sorted(sites)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
