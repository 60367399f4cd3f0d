"""Who is asking: a participant, a member of the team, or nobody yet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import Flask, session
from flask_login import LoginManager, current_user, login_user, logout_user

from portal.web.devices import present_device
from portal.web.sessions import DEVICE

PrincipalSource = Callable[[str], "Principal | None"]
"""Finds a principal by key, or None if it may no longer sign in."""


@dataclass(frozen=True)
class Principal:
    """Somebody signed in. The key is "participant:12" or "staff:3"."""

    key: str
    permissions: frozenset[str] = field(default_factory=frozenset)
    sites: frozenset[str] | None = None
    """The sites whose participants a member of the team may see; None for all of them."""

    is_active = True
    is_anonymous = False

    @property
    def is_authenticated(self) -> bool:
        """False for nobody."""
        return bool(self.key)

    @property
    def kind(self) -> str:
        """ "participant", "staff" or ""."""
        return self.key.partition(":")[0]

    @property
    def id(self) -> int:
        """The number behind the kind."""
        return int(self.key.partition(":")[2])

    def sees(self, site: str) -> bool:
        """Whether participants of the site are hers to see."""
        return self.sites is None or site in self.sites

    def get_id(self) -> str:
        """Flask-Login's name for the key."""
        return self.key


NOBODY = Principal("")


def current_principal() -> Principal:
    """Who is asking; `NOBODY` if not signed in."""
    user = current_user._get_current_object()  # noqa: SLF001 - werkzeug's proxy has no other way
    return user if isinstance(user, Principal) else NOBODY


def sign_in(principal: Principal, *, carried: Mapping[str, object] | None = None) -> None:
    """Start a signed-in session under a fresh token. Of the session before, only `carried` goes over into it."""
    session.clear()
    session.update(carried or {})
    session.rotate()  # type: ignore[attr-defined]
    session[DEVICE] = present_device()
    login_user(principal)


def sign_out() -> None:
    """End the session on the server, so that its cookie is worth nothing any more."""
    logout_user()
    session.clear()


def init_app(app: Flask, source: PrincipalSource) -> None:
    """Ask `source` at every request, so that a change of role or a closed account applies at once."""
    manager = LoginManager()
    manager.anonymous_user = lambda: NOBODY
    manager.session_protection = None  # phones change their address; sessions live on the server anyway
    manager.user_loader(source)
    manager.init_app(app)
