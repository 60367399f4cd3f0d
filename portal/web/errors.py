"""Error pages that say what happened and what to do, and keep what went wrong out of sight."""

import structlog
from flask import Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response

from portal.db.errors import StorageUnavailable
from portal.web import unfinished
from portal.web.principal import current_principal

log = structlog.get_logger(__name__)
_KNOWN = {400, 403, 404, 405, 413, 429, 500, 503}


def init_app(app: Flask) -> None:
    """Answer errors with our pages."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(StorageUnavailable, _busy)
    app.register_error_handler(InternalServerError, _broken)


def _page(code: int, name: str | None = None) -> tuple[str, int]:
    return render_template(f"errors/{name or code}.html"), code


def _http(error: HTTPException) -> tuple[str, int] | HTTPException:
    code = error.code or 500
    if code < 400:
        return error  # a redirect
    return render_template(f"errors/{code if code in _KNOWN else 400}.html"), code


def _csrf(_: CSRFError) -> tuple[str, int] | Response:
    log.info("form refused", reason="csrf", endpoint=request.endpoint)
    owner = unfinished.keep()
    if owner is None:
        return _page(400, "form-expired")
    if owner == current_principal():
        flash(gettext("Please look at the page once more, and send it again. Nothing is sent yet."), "problem")
        return redirect(unfinished.way_back() or url_for("journey.home"))
    flash(gettext("You were away for a long time, so you are signed out. What you wrote is kept for you."), "problem")
    return redirect(url_for("people.sign_in"))


def _busy(error: StorageUnavailable) -> tuple[str, int]:
    log.error("storage unavailable", endpoint=request.endpoint, why=str(error))
    return _page(503)


def _broken(error: InternalServerError) -> tuple[str, int]:
    log.error("internal error", endpoint=request.endpoint, kind=type(error.original_exception).__name__)
    return _page(500)
