"""Staff sign in, open accounts and manage them."""

import pyotp
import segno
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from portal.study.service import StudyBook
from portal.team.domain import Member, Role
from portal.team.errors import (
    EmailTaken,
    InvitationRefused,
    LastLead,
    MemberUnknown,
    NotYourself,
    NotYoursToGive,
    SignInRefused,
)
from portal.team.forms import ConfirmForm, JoinForm, MemberForm, PasswordForm, SignInForm
from portal.team.present import current_actor
from portal.team.service import TeamService
from portal.web import principal
from portal.web.devices import present_device
from portal.web.limits import limiter
from portal.web.permissions import Permission, requires
from portal.web.recent import Proofs, recently_proved
from portal.web.services import service

bp = Blueprint("team", __name__, url_prefix="/team")
_REFUSED: dict[type[Exception], str] = {
    NotYourself: _l("This cannot be done to your own account. Ask another lead."),
    NotYoursToGive: _l("Only a lead gives or takes a role that sees participants. Ask a lead."),
    LastLead: _l("The study needs a lead. Give somebody else that role first."),
}


@bp.route("/sign-in", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
@limiter.limit("10 per 5 minutes", methods=["POST"])
def sign_in() -> Response | str:
    """Password and code."""
    form = SignInForm()
    if form.validate_on_submit():
        try:
            member = service(TeamService).sign_in(
                str(form.email.data), str(form.password.data), str(form.code.data), present_device()
            )
        except SignInRefused:
            form.email.errors = [
                _("The address, password and code do not fit together. A code works once: wait for the next one")
            ]
        else:
            return start_session(member)
    return render_template("team/sign_in.html", form=form)


@bp.route("/join/<token>", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
@limiter.limit("20 per 5 minutes")
def join(token: str) -> Response | str | tuple[str, int]:
    """Open an account from a one-time link."""
    team = service(TeamService)
    try:
        enrolment = team.enrolment(token)
    except InvitationRefused:
        return render_template("team/join_refused.html"), 410
    form = JoinForm()
    if form.validate_on_submit():
        try:
            member = team.join(
                token, name=str(form.name.data), email=str(form.email.data),
                password=str(form.password.data), code=str(form.code.data),
            )  # fmt: skip
        except SignInRefused:
            form.code.errors = [_("This code does not match. Check that your phone's clock is right")]
        except EmailTaken:
            form.email.errors = [_("Another member has this address")]
        else:
            return start_session(member)
    address = pyotp.TOTP(enrolment.totp_secret).provisioning_uri(name=request.host, issuer_name="Study portal")
    return render_template(
        "team/join.html", form=form, secret=enrolment.totp_secret, qr=qr_svg(address), role=enrolment.role
    )


@bp.route("/confirm", methods=["GET", "POST"])
@requires(Permission.OWN_ACCOUNT)
@limiter.limit("10 per 5 minutes", methods=["POST"])
def confirm() -> Response | str:
    """Password and code again, for what must not be done from a computer that was left open."""
    form = ConfirmForm()
    if form.validate_on_submit():
        me = principal.current_principal()
        try:
            service(TeamService).confirm(me.id, str(form.password.data), str(form.code.data))
        except SignInRefused:
            form.password.errors = [
                _("The password and the code do not fit together. A code works once: wait for the next one")
            ]
        else:
            return after_proof()
    return render_template("team/confirm.html", form=form)


@bp.route("/password", methods=["GET", "POST"])
@requires(Permission.OWN_ACCOUNT)
@recently_proved
def password() -> Response | str:
    """Choose a new password. Sessions on other devices end."""
    form = PasswordForm()
    if form.validate_on_submit():
        member = service(TeamService).change_password(principal.current_principal().id, str(form.password.data))
        answer = start_session(member)
        flash(_("Your password is changed. On other devices you are signed out."))
        return answer
    return render_template("team/password.html", form=form)


@bp.route("/members", methods=["GET", "POST"])
@requires(Permission.TEAM_MANAGE)
def members() -> str:
    """Who is in the team, and a link for somebody new."""
    team, study, link = service(TeamService), service(StudyBook).current().study, None
    me = team.member(principal.current_principal().id)
    form = MemberForm.of(study, me.role)
    if form.validate_on_submit():
        token = team.invite(Role(form.role.data), actor=current_actor(), sites=form.chosen_sites())
        link = url_for("team.join", token=token, _external=True)
    names = {one.key: one.name for one in study.sites}
    return render_template("team/members.html", members=team.members(), form=form, link=link, site_names=names)


@bp.route("/members/<int:staff_id>", methods=["GET", "POST"])
@requires(Permission.TEAM_MANAGE)
@recently_proved
def member(staff_id: int) -> Response | str:
    """Change a member's role and sites, or close her account."""
    team = service(TeamService)
    try:
        found, me = team.member(staff_id), team.member(principal.current_principal().id)
    except MemberUnknown:
        abort(404)
    form = MemberForm.of(service(StudyBook).current().study, me.role, found)
    if form.validate_on_submit():
        try:
            team.change(staff_id, Role(form.role.data), form.chosen_sites(), actor=current_actor())
        except tuple(_REFUSED) as error:
            form.role.errors = [_REFUSED[type(error)]]
        else:
            flash(_("Changed. It applies from the member's next click on."))
            return redirect(url_for("team.members"))
    return render_template("team/member.html", member=found, form=form)


@bp.post("/members/<int:staff_id>/close")
@requires(Permission.TEAM_MANAGE)
@recently_proved
def close(staff_id: int) -> Response:
    """Close an account and end its sessions at once."""
    try:
        service(TeamService).close(staff_id, actor=current_actor())
    except MemberUnknown:
        abort(404)
    except tuple(_REFUSED) as error:
        flash(_REFUSED[type(error)])
    else:
        flash(_("The account is closed."))
    return redirect(url_for("team.members"))


@bp.post("/sign-out")
@requires(Permission.PUBLIC)
def sign_out() -> Response:
    """End the session on the server."""
    principal.sign_out()
    return redirect(url_for("team.sign_in"))


def qr_svg(text: str) -> str:
    """The text as a QR code, as a data address for an image."""
    return segno.make(text, error="m").svg_data_uri(scale=4)


def after_proof() -> Response:
    """Note the proof and go on to where it was asked for."""
    proofs = service(Proofs)
    proofs.note()
    return redirect(proofs.take_next() or url_for("workspace.start"))


def start_session(member: Member) -> Response:
    """Start the session of a member who has shown both factors, or a passkey."""
    principal.sign_in(principal.Principal(f"staff:{member.id}", member.permissions))
    service(Proofs).note()
    return redirect(url_for("workspace.start"))
