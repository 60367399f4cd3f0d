"""Who may do what. Every view declares one permission; a view that declares none is refused to everybody."""

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.web.principal import current_principal
from portal.web.scopes import Permission as Permission

View = TypeVar("View", bound=Callable[..., object])
_ATTRIBUTE = "portal_permission"


def requires(permission: Permission) -> Callable[[View], View]:
    """Declare what a view needs."""

    def mark(view: View) -> View:
        setattr(view, _ATTRIBUTE, permission)
        return view

    return mark


def permission_of(view: object) -> Permission | None:
    """What the view declared, or None."""
    found = getattr(view, _ATTRIBUTE, None)
    return found if isinstance(found, Permission) else None


def init_app(app: Flask) -> None:
    """Guard every request."""
    app.before_request(_guard)


def _guard() -> Response | None:
    if request.endpoint is None:
        return None  # no such page: the error page follows
    needed = permission_of(current_app.view_functions[request.endpoint])
    if needed is None:
        abort(403)
    if needed is Permission.PUBLIC:
        return None
    principal = current_principal()
    if needed in principal.permissions:
        return None
    if principal.is_authenticated:
        abort(403)
    return redirect(url_for("people.sign_in" if needed is Permission.OWN_JOURNEY else "team.sign_in"))
