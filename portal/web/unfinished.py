"""What a participant had typed when her session ended, or its token was good no longer: kept for her alone.

It stays sealed in the session on the server, for an hour. Once she is signed in again, the same page shows it filled
in; nothing is sent until she presses the button herself.
"""

from typing import Any

from flask import Flask, current_app, g, request, session
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from portal.clock import Clock
from portal.web.principal import Principal, current_principal

KEPT_SECONDS = 3600
_NAME = "unfinished"
_CLOCK = "portal.unfinished.clock"


def init_app(app: Flask, clock: Clock) -> None:
    """Tell the time to it."""
    app.extensions[_CLOCK] = clock


def keep() -> Principal | None:
    """Keep the form of this request for whoever sent it; gives her, or None if that cannot be told or it is no form."""
    now = current_principal()
    owner = now if now.is_authenticated else Principal(getattr(session, "former", None) or "")
    if owner.kind != "participant" or not request.form:  # a script's request is answered as one
        return None
    fields = {name: values for name, values in request.form.lists() if name != "csrf_token"}
    session[_NAME] = {"owner": owner.key, "path": request.path, "fields": fields, "at": _now()}
    return owner


def kept_for(owner: str) -> dict[str, object]:
    """What goes over into the session of somebody who signs in: what is kept for her, if anything is."""
    kept = session.get(_NAME)
    return {_NAME: kept} if isinstance(kept, dict) and kept["owner"] == owner else {}


def way_back() -> str | None:
    """The page that she was at, if it is one to come back to."""
    kept = _hers()
    if kept is None:
        return None
    path = str(kept["path"])
    try:
        current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except HTTPException:
        return None  # a button's address alone: there is no page to fill in
    return path


def fields() -> MultiDict[str, str] | None:
    """What she had typed into the page that is asked for now. Asked once, it is forgotten."""
    if "unfinished" not in g:
        kept = _hers()
        g.unfinished = None
        if request.method == "GET" and kept is not None and kept["path"] == request.path:
            g.unfinished = MultiDict(kept["fields"])
            del session[_NAME]
    found: MultiDict[str, str] | None = g.unfinished
    return found


def _hers() -> dict[str, Any] | None:
    kept = session.get(_NAME)
    if not isinstance(kept, dict) or kept["owner"] != current_principal().key:
        return None
    return kept if _now() - kept["at"] < KEPT_SECONDS else None


def _now() -> float:
    clock: Clock = current_app.extensions[_CLOCK]
    return clock().timestamp()
