"""Ask, agree, and set up anew. Until that last step the old password and authenticator stay as they are."""

import hashlib
import secrets
from collections.abc import Callable

import pyotp
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.domain import Actor, EventKind
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.recovery import events
from portal.recovery.domain import LASTS, Request
from portal.recovery.errors import RecoveryRefused, SecondPersonNeeded
from portal.recovery.store import RecoveryRow
from portal.team.account_notices import AccountNotices, Change
from portal.team.domain import Member, Role
from portal.team.errors import SignInRefused
from portal.team.factors import Passwords, matching_step
from portal.team.store import StaffRow

Forget = Callable[[Session, str], None]
"""Forgets every passkey of a principal such as "staff:3", in the session's transaction."""


class RecoveryService:
    """The only way to another's password and authenticator, and it takes two people."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        passwords: Passwords,
        notices: AccountNotices,
        *,
        forget_passkeys: Forget,
        end_sessions: Callable[[str], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._passwords = passwords
        self._notices = notices
        self._forget_passkeys = forget_passkeys
        self._end_sessions = end_sessions

    def waiting(self) -> list[Request]:
        """Requests that wait for the second person."""
        open_ = RecoveryRow.agreed_by.is_(None), RecoveryRow.closed_at.is_(None)
        query = select(RecoveryRow).where(*open_, RecoveryRow.expires_at > self._clock()).order_by(RecoveryRow.id)
        with self._database.reading() as session:
            return [row.as_request() for row in session.scalars(query)]

    def ask(self, member: Member, asker: Member) -> None:
        """Ask for a member. Asking twice keeps the first request.

        Raises:
            SecondPersonNeeded: nobody asks for herself.
            RecoveryRefused: the account is closed.
        """
        if member.id == asker.id:
            raise SecondPersonNeeded("nobody asks for herself")
        if member.closed:
            raise RecoveryRefused("the account is closed")
        if any(one.staff_id == member.id for one in self.waiting()):
            return
        row = RecoveryRow(
            staff_id=member.id, asked_by=asker.id, asked_at=self._clock(), expires_at=self._clock() + LASTS,
            totp_secret=pyotp.random_base32(),
        )  # fmt: skip
        with self._database.transaction() as session:
            session.add(row)
            session.flush()
            self._record(session, row, asker, events.ASKED, Change.RECOVERY_ASKED)

    def agree(self, request_id: int, second: Member) -> str:
        """Agree as the second person; gives the one-time token, which is shown once and kept nowhere.

        Raises:
            RecoveryRefused, SecondPersonNeeded
        """
        token = secrets.token_urlsafe(24)
        with self._database.transaction() as session:
            row = self._open(session, request_id)
            first = session.get_one(StaffRow, row.asked_by)
            if second.id in (row.asked_by, row.staff_id) or Role.LEAD not in (second.role, first.role):
                raise SecondPersonNeeded("another person has to agree, and one of the two must be a lead")
            if first.closed_at is not None:
                raise RecoveryRefused("who asked has left")
            row.agreed_by, row.token_hash, row.expires_at = second.id, _hash(token), self._clock() + LASTS
            self._record(session, row, second, events.AGREED)
        return token

    def decline(self, request_id: int, second: Member) -> None:
        """Turn a request down. Raises RecoveryRefused."""
        with self._database.transaction() as session:
            row = self._open(session, request_id)
            row.closed_at = self._clock()
            self._record(session, row, second, events.DECLINED)

    def secret(self, token: str) -> str:
        """The secret for the new authenticator app. Raises RecoveryRefused."""
        with self._database.reading() as session:
            return self._by_token(session, token).totp_secret

    def set_up(self, token: str, password: str, code: str) -> Member:
        """Put the new password and authenticator in the place of the old, forget passkeys, end sessions.

        Raises:
            RecoveryRefused
            SignInRefused: the code is wrong; nothing was used up.
        """
        hashed = self._passwords.hash(password)
        with self._database.transaction() as session:
            row = self._by_token(session, token, to_use=True)
            step = matching_step(row.totp_secret, code, self._clock())
            if step is None:
                raise SignInRefused("the code does not match")
            staff = session.get_one(StaffRow, row.staff_id, with_for_update=True)
            staff.password_hash, staff.totp_secret, staff.totp_last_step = hashed, row.totp_secret, step
            row.closed_at = self._clock()
            self._forget_passkeys(session, f"staff:{staff.id}")
            member = staff.as_member()
            self._record(session, row, member, events.DONE, Change.RECOVERED)
        self._end_sessions(f"staff:{member.id}")
        return member

    def _open(self, session: Session, request_id: int) -> RecoveryRow:
        row = session.get(RecoveryRow, request_id, with_for_update=True)
        if row is None or row.agreed_by or row.closed_at or row.expires_at <= self._clock():
            raise RecoveryRefused("unknown, agreed to, declined or too old")
        return row

    def _by_token(self, session: Session, token: str, *, to_use: bool = False) -> RecoveryRow:
        known = select(RecoveryRow).where(RecoveryRow.token_hash == _hash(token))
        row = session.scalars(known.with_for_update() if to_use else known).one_or_none()
        if row is None or row.closed_at or row.expires_at <= self._clock():
            raise RecoveryRefused("unknown, used or too old")
        if session.get_one(StaffRow, row.staff_id).closed_at is not None:
            raise RecoveryRefused("the account is closed")
        return row

    def _record(
        self, session: Session, row: RecoveryRow, actor: Member, kind: EventKind, told: Change | None = None
    ) -> None:
        subject = f"staff:{row.staff_id}"
        entry = self._audit.record(session, kind, actor=Actor.staff(actor.id), subject=subject, request=row.id)
        if told is not None:
            self._notices.changed(session, subject, told, entry)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
