"""One sees where one is signed in, and signs out elsewhere: a participant as well as a member of the team."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from portal.devices.service import Devices
from portal.people.present import current_participant
from portal.sentence import said
from portal.web.i18n import in_words
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.recent import recently_proved
from portal.web.services import service
from portal.web.sessions import DatabaseSession, SessionStore, SignedIn

bp = Blueprint("devices", __name__)
_HOUR = timedelta(hours=1)


@bp.get("/signed-in")
@requires(Permission.OWN_JOURNEY)
def mine() -> str:
    """Where a participant is signed in."""
    return _page("devices/mine.html", idle_hours=SessionStore.IDLE // _HOUR, most_hours=SessionStore.ABSOLUTE // _HOUR)


@bp.post("/signed-in")
@requires(Permission.OWN_JOURNEY)
def end_mine() -> Response:
    """Sign her out on one other device, or on all of them."""
    ended = service(Devices).end_participant_s(current_participant(), but=str(_here().token), only=_wanted())
    if ended:
        flash(ngettext("You are signed out on 1 other device.", "You are signed out on %(num)s other devices.", ended))
    else:
        flash(_("There was nothing left to do. You were signed out there before."), "problem")
    return redirect(url_for("devices.mine"))


@bp.get("/team/devices")
@requires(Permission.OWN_ACCOUNT)
def staff() -> str:
    """Where a member is signed in."""
    return _page("devices/staff.html")


@bp.post("/team/devices")
@requires(Permission.OWN_ACCOUNT)
@recently_proved
def end_staff() -> Response:
    """Sign her out on one other device, or on all of them."""
    ended = service(Devices).end_member_s(current_principal().id, but=str(_here().token), only=_wanted())
    if ended:
        flash(ngettext("Signed out on one other device.", "Signed out on %(num)s other devices.", ended))
    else:
        flash(_("Nothing to sign out from: that session had ended already."))
    return redirect(url_for("devices.staff"))


def _page(template: str, **more: int) -> str:
    found = service(Devices).of(current_principal().key)
    return render_template(template, sessions=found, here=_here().name, called=_called, **more)


def _here() -> DatabaseSession:
    present: DatabaseSession = session._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - as in principal
    return present


def _wanted() -> str | None:
    """The session to end; None for all the others."""
    return request.form.get("session") or None


def _called(one: SignedIn) -> str:
    """A session's device in words."""
    browser, system = one.device
    if browser and system:
        return in_words(said("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or _("A device that does not say what it is")
