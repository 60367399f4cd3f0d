"""Sessions that live in the database: a copied cookie is worth nothing after sign-out, and all of one's can be ended.

The cookie holds 256 random bits; the database holds their SHA-256 and the session's values, sealed.
"""

import hashlib
import json
import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import LargeBinary, String, delete, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from werkzeug.datastructures import CallbackDict

from portal.clock import Clock
from portal.db.base import Base
from portal.db.engine import Database
from portal.db.types import EncryptedText

PRINCIPAL = "_user_id"
"""Flask-Login's key for who is signed in."""
DEVICE = "device"
"""What the browser said it is at sign-in."""
_TOUCH = timedelta(minutes=1)


class WebSession(Base):
    """One browser's session."""

    __tablename__ = "web_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    values: Mapped[str] = mapped_column(EncryptedText("web.session.values"))
    principal: Mapped[str | None] = mapped_column(String(40), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)


class DatabaseSession(CallbackDict[str, Any], SessionMixin):
    """Flask's session, knowing its token and whether it must move to a fresh one."""

    def __init__(self, values: MutableMapping[str, Any] | None = None, token: str | None = None) -> None:
        def changed(_: object) -> None:
            self.modified = True

        super().__init__(values, changed)
        self.modified = False
        self.token = token
        self.retired: str | None = None
        self.former: str | None = None
        """Whose session this browser had, if it ended with time."""

    @property
    def name(self) -> str:
        """As `SignedIn.name`; empty before it is kept."""
        return _name(_hash(self.token)) if self.token else ""

    def rotate(self) -> None:
        """Move to a fresh token, so that one planted before sign-in is worth nothing."""
        self.retired, self.token, self.modified = self.token, None, True


@dataclass(frozen=True)
class SignedIn:
    """One of somebody's sessions, for herself to look at."""

    name: str
    """Tells it from her other ones; worth nothing to anybody who has it."""
    device: tuple[str, str]
    """Browser and system, as `portal.web.devices` tells them."""
    since: datetime
    used_at: datetime
    """To the minute or so."""


class SessionStore:
    """Keeps sessions. A participant's lasts 4 hours without use (her drafts are kept anyway), the team's 30 minutes."""

    ABSOLUTE = timedelta(hours=12)
    REMEMBERED = timedelta(hours=24)
    """So long after its end it is known whose a session was, to keep for her what she sends from an old page."""
    IDLE = timedelta(hours=4)
    IDLE_STAFF = timedelta(minutes=30)

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self.clock = clock

    def load(self, token: str) -> dict[str, Any] | None:
        """The session's values, or None if it has ended or never was."""
        now = self.clock()
        with self._database.reading() as session:
            row = session.get(WebSession, _hash(token))
        if row is None or self._over(row, now):
            return None
        if now - row.seen_at > _TOUCH:
            self._touch(row.token_hash, now)
        values: dict[str, Any] = json.loads(row.values)
        return values

    def former(self, token: str) -> str | None:
        """Whose a session was that ended with time. One that was ended on purpose is known no more."""
        with self._database.reading() as session:
            row = session.get(WebSession, _hash(token))
        return row.principal if row is not None else None

    def save(self, token: str, values: MutableMapping[str, Any]) -> None:
        """Keep the values under the token."""
        now = self.clock()
        with self._database.transaction() as session:
            row = session.get(WebSession, _hash(token))
            if row is None:
                row = WebSession(token_hash=_hash(token), created_at=now)
                session.add(row)
            row.values, row.principal, row.seen_at = json.dumps(dict(values)), values.get(PRINCIPAL), now

    def end(self, token: str) -> None:
        """End one session."""
        with self._database.transaction() as session:
            session.execute(delete(WebSession).where(WebSession.token_hash == _hash(token)))

    def end_all(self, principal: str) -> None:
        """End every session of somebody, for instance when the account is closed."""
        with self._database.transaction() as session:
            session.execute(delete(WebSession).where(WebSession.principal == principal))

    def of(self, principal: str) -> list[SignedIn]:
        """Somebody's sessions that still last, the last used first."""
        now = self.clock()
        mine = select(WebSession).where(WebSession.principal == principal).order_by(WebSession.seen_at.desc())
        with self._database.reading() as session:
            rows = session.scalars(mine).all()
        return [_signed_in(row) for row in rows if not self._over(row, now)]

    def end_others(self, session: Session, principal: str, *, but: str, only: str | None = None) -> int:
        """End somebody's other sessions, or just the one of this name, in the caller's transaction; gives how many."""
        theirs = select(WebSession).where(WebSession.principal == principal, WebSession.token_hash != _hash(but))
        found = [row for row in session.scalars(theirs) if only is None or _name(row.token_hash) == only]
        for row in found:
            session.delete(row)
        return len(found)

    def sweep(self) -> int:
        """Remove sessions that ended long ago; gives their number."""
        now = self.clock() - self.REMEMBERED
        over = or_(WebSession.created_at < now - self.ABSOLUTE, WebSession.seen_at < now - self.IDLE)
        with self._database.transaction() as session:
            gone = session.scalars(delete(WebSession).where(over).returning(WebSession.token_hash)).all()
        return len(gone)

    def _over(self, row: WebSession, now: datetime) -> bool:
        return now - row.created_at > self.ABSOLUTE or now - row.seen_at > self._idle(row.principal)

    def _idle(self, principal: str | None) -> timedelta:
        return self.IDLE_STAFF if (principal or "").startswith("staff:") else self.IDLE

    def _touch(self, token_hash: bytes, now: datetime) -> None:
        with self._database.transaction() as session:
            row = session.get(WebSession, token_hash)
            if row is not None:
                row.seen_at = now


class DatabaseSessionInterface(SessionInterface):
    """Hands Flask the sessions of the store."""

    def __init__(self, store: SessionStore, *, secure: bool) -> None:
        self._store = store
        self._secure = secure
        self._cookie = "__Host-session" if secure else "session"

    def open_session(self, app: Flask, request: Request) -> DatabaseSession:
        """The browser's session, or a new and empty one."""
        token = request.cookies.get(self._cookie, "")
        if not 20 < len(token) < 100:
            return DatabaseSession()
        values = self._store.load(token)
        if values is not None:
            return DatabaseSession(values, token)
        fresh = DatabaseSession()
        fresh.former = self._store.former(token)
        return fresh

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what changed; end what was emptied."""
        if not isinstance(session, DatabaseSession) or not session.modified:
            return
        if session.retired:
            self._store.end(session.retired)
        if not session:
            if session.token:
                self._store.end(session.token)
            response.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="Lax")
            return
        if session.token is None:
            session.token = secrets.token_urlsafe(32)
        self._store.save(session.token, session)
        response.set_cookie(
            self._cookie, session.token, path="/", secure=self._secure, httponly=True, samesite="Lax"
        )  # Lax, not Strict: she arrives from a link in her e-mail
        response.headers.add("Vary", "Cookie")


def _signed_in(row: WebSession) -> SignedIn:
    browser, system = json.loads(row.values).get(DEVICE, ("", ""))
    return SignedIn(_name(row.token_hash), (browser, system), row.created_at, row.seen_at)


def _name(token_hash: bytes) -> str:
    return token_hash.hex()[:16]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
