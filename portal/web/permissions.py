"""Who may do what. Every view declares one permission; a view that declares none is refused to everybody."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from flask import Flask, abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.web.principal import Principal, current_principal
from portal.web.scopes import Permission as Permission

View = TypeVar("View", bound=Callable[..., object])
SiteOf = Callable[[str], str | None]
"""Gives the site that something in an address belongs to, or None if there is no such thing."""
_ATTRIBUTE = "portal_permission"
_SITES = "portal.sites"


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


def init_app(app: Flask, sites: Mapping[str, SiteOf]) -> None:
    """Guard every request.

    Args:
        sites: by the name of an address's part, such as "study_id", how to find the site of what it names.
    """
    app.extensions[_SITES] = dict(sites)
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
    if needed not in principal.permissions:
        if principal.is_authenticated:
            abort(403)
        return redirect(url_for("people.sign_in" if needed is Permission.OWN_JOURNEY else "team.sign_in"))
    _within_reach(principal)
    return None


def _within_reach(principal: Principal) -> None:
    """Another site's participant is answered like one that does not exist."""
    if principal.sites is None:
        return
    lookups: Mapping[str, SiteOf] = current_app.extensions[_SITES]
    for name, value in (request.view_args or {}).items():
        if name in lookups:
            site = lookups[name](str(value))
            if site is not None and not principal.sees(site):
                abort(404)
