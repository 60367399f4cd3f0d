"""The most delicate acts (keys, recordings, exports) ask again for password and code, even in a signed-in session.

A view adds `@recently_proved` below `@requires(...)`. Without a recent proof a page sends to `team.confirm` and comes
back; a script gets 401 with the address to go to. A form opened in time may be sent a while later, so that nothing
typed is lost.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Response, jsonify, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal.clock import Clock
from portal.web.services import service

P = ParamSpec("P")
R = TypeVar("R")
_PROVED, _NEXT = "proved_at", "proved_next"


class Proofs:
    """When the present session last proved who uses it."""

    LASTS = timedelta(minutes=10)
    LASTS_FOR_FORMS = timedelta(minutes=20)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        """Seconds since 1970, to be kept in a session."""
        return self._clock().timestamp()

    def note(self) -> None:
        """Password and code were right just now."""
        session[_PROVED] = self.now()

    def recent(self, *, sending: bool = False) -> bool:
        """Whether the proof still counts for opening a page, or for sending what one opened."""
        lasts = self.LASTS_FOR_FORMS if sending else self.LASTS
        return bool(self.now() - session.get(_PROVED, 0) <= lasts.total_seconds())

    def take_next(self) -> str:
        """Where the proof was asked for: a path of this portal, or ""."""
        return str(session.pop(_NEXT, ""))


def recently_proved(view: Callable[P, R]) -> Callable[P, R | AnyResponse]:
    """Let only a session in that proved itself within the last minutes."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | AnyResponse:
        if service(Proofs).recent(sending=request.method != "GET"):
            return view(*args, **kwargs)
        return _ask()

    return guarded


def _ask() -> AnyResponse:
    where = url_for("team.confirm")
    if request.is_json or request.accept_mimetypes.best == "application/json":
        answer: Response = jsonify(confirm=where)
        answer.status_code = 401
        return answer
    session[_NEXT] = request.path if request.method == "GET" else _page_before()
    return redirect(where)


def _page_before() -> str:
    """The path of the page that a form was sent from, if it is one of ours."""
    before = urlsplit(request.referrer or "")
    return before.path if before.netloc == request.host else ""
