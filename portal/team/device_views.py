"""A member sees where she is signed in, and signs out elsewhere."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from portal.sentence import said
from portal.team.devices import Devices
from portal.web.i18n import in_words
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.recent import recently_proved
from portal.web.services import service
from portal.web.sessions import DatabaseSession, SignedIn

bp = Blueprint("devices", __name__, url_prefix="/team/devices")


@bp.get("")
@requires(Permission.OWN_ACCOUNT)
def mine() -> str:
    """Where she is signed in."""
    return render_template(
        "team/devices.html", sessions=service(Devices).of(current_principal().id), here=_here().name,
        called=_called,
    )  # fmt: skip


@bp.post("")
@requires(Permission.OWN_ACCOUNT)
@recently_proved
def end() -> Response:
    """Sign out on one other device, or on all of them."""
    only = request.form.get("session") or None
    ended = service(Devices).end(current_principal().id, but=str(_here().token), only=only)
    if ended:
        flash(ngettext("Signed out on one other device.", "Signed out on %(num)s other devices.", ended))
    else:
        flash(_("Nothing to sign out from: that session had ended already."))
    return redirect(url_for("devices.mine"))


def _here() -> DatabaseSession:
    present: DatabaseSession = session._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - as in principal
    return present


def _called(one: SignedIn) -> str:
    """A session's device in words."""
    browser, system = one.device
    if browser and system:
        return in_words(said("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or _("A device that does not say what it is")
