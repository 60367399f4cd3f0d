"""Two colleagues let a member set up sign-in anew; she does it by a one-time link."""

import pyotp
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.recovery.errors import RecoveryRefused, SecondPersonNeeded
from portal.recovery.forms import SetUpForm
from portal.recovery.service import RecoveryService
from portal.team.errors import MemberUnknown, SignInRefused
from portal.team.present import current_member
from portal.team.service import TeamService
from portal.team.views import qr_svg, start_session
from portal.web.limits import limiter
from portal.web.permissions import Permission, requires
from portal.web.recent import recently_proved
from portal.web.services import service

bp = Blueprint("recovery", __name__, url_prefix="/team/recovery")


@bp.get("")
@requires(Permission.TEAM_MANAGE)
def waiting() -> str:
    """Requests that wait for a second person."""
    return _list(None)


@bp.post("/member/<int:staff_id>")
@requires(Permission.TEAM_MANAGE)
@recently_proved
def ask(staff_id: int) -> Response:
    """Ask for a member, as the first person."""
    try:
        service(RecoveryService).ask(service(TeamService).member(staff_id), current_member())
    except (MemberUnknown, RecoveryRefused):
        abort(404)
    except SecondPersonNeeded:
        flash(_("Somebody else has to ask for you."), "problem")
    else:
        flash(_("Asked. A second person, a lead if you are not one, has to agree within a day."))
    return redirect(url_for("recovery.waiting"))


@bp.post("/<int:request_id>/agree")
@requires(Permission.TEAM_MANAGE)
@recently_proved
def agree(request_id: int) -> Response | str:
    """Agree, as the second person, and show the link once."""
    try:
        token = service(RecoveryService).agree(request_id, current_member())
    except RecoveryRefused:
        flash(_("This request is not open any more."), "problem")
    except SecondPersonNeeded:
        flash(
            _("You cannot be the second person here. Another has to agree, and one of the two must be a lead."),
            "problem",
        )
    else:
        return _list(url_for("recovery.set_up", token=token, _external=True))
    return redirect(url_for("recovery.waiting"))


@bp.post("/<int:request_id>/decline")
@requires(Permission.TEAM_MANAGE)
@recently_proved
def decline(request_id: int) -> Response:
    """Turn a request down."""
    try:
        service(RecoveryService).decline(request_id, current_member())
    except RecoveryRefused:
        flash(_("This request is not open any more."), "problem")
    else:
        flash(_("Declined. Nothing has changed."))
    return redirect(url_for("recovery.waiting"))


@bp.route("/set-up/<token>", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
@limiter.limit("20 per 5 minutes")
def set_up(token: str) -> Response | str | tuple[str, int]:
    """The member chooses a new password and sets up her authenticator app."""
    recovery, form = service(RecoveryService), SetUpForm()
    try:
        secret = recovery.secret(token)
        if form.validate_on_submit():
            try:
                return start_session(recovery.set_up(token, str(form.password.data), str(form.code.data)))
            except SignInRefused:
                form.code.errors = [_("This code does not match. Check that your phone's clock is right")]
    except RecoveryRefused:
        return render_template("recovery/refused.html"), 410
    address = pyotp.TOTP(secret).provisioning_uri(name=request.host, issuer_name="Study portal")
    return render_template("recovery/set_up.html", form=form, secret=secret, qr=qr_svg(address))


def _list(link: str | None) -> str:
    names = service(TeamService).names()
    return render_template(
        "recovery/waiting.html", waiting=service(RecoveryService).waiting(), names=names, me=current_member(), link=link
    )
