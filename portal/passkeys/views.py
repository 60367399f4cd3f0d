"""Add, use and remove passkeys: for participants beside the e-mailed code, for the team beside password and code."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.audit.domain import Actor
from portal.passkeys import asking
from portal.passkeys.errors import PasskeyRefused, TooManyPasskeys
from portal.passkeys.forms import AnswerForm
from portal.passkeys.service import PasskeyService
from portal.people.errors import ParticipantUnknown
from portal.people.present import current_participant
from portal.people.service import PeopleService
from portal.people.views import start_session as start_journey
from portal.team.errors import MemberUnknown, SignInRefused
from portal.team.present import current_member
from portal.team.service import TeamService
from portal.team.views import after_proof, start_session
from portal.web.devices import present_device
from portal.web.limits import limiter
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.recent import recently_proved
from portal.web.services import service

bp = Blueprint("passkeys", __name__)
bp.add_app_template_global(asking.sign_in_options, "passkey_options")


@bp.route("/your-passkeys", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def mine() -> Response | str:
    """A participant's passkeys."""
    me = current_participant()
    return _manage(Actor.participant(me.study_id), me.subject, me.study_id, "passkeys/mine.html", "passkeys.mine")


@bp.post("/your-passkeys/<int:passkey_id>/remove")
@requires(Permission.OWN_JOURNEY)
def remove_mine(passkey_id: int) -> Response:
    """Forget one."""
    me = current_participant()
    return _remove(passkey_id, Actor.participant(me.study_id), me.subject, "passkeys.mine")


@bp.post("/sign-in/passkey")
@requires(Permission.PUBLIC)
@limiter.limit("20 per 5 minutes")
def sign_in() -> Response:
    """A participant comes back with her passkey."""
    try:
        kind, number = _answered()
        if kind != "participant":
            raise PasskeyRefused("a passkey of the team")
        person = service(PeopleService).sign_in_with_passkey(number)
    except (PasskeyRefused, ParticipantUnknown):
        flash(_("This passkey did not work. Ask for a code instead."), "problem")
        return redirect(url_for("people.sign_in"))
    return start_journey(person)


@bp.route("/team/passkeys", methods=["GET", "POST"])
@requires(Permission.OWN_ACCOUNT)
@recently_proved
def staff() -> Response | str:
    """A member's passkeys."""
    member = current_member()
    subject = f"staff:{member.id}"
    return _manage(Actor.staff(member.id), subject, member.email, "passkeys/staff.html", "passkeys.staff")


@bp.post("/team/passkeys/<int:passkey_id>/remove")
@requires(Permission.OWN_ACCOUNT)
@recently_proved
def remove_staff(passkey_id: int) -> Response:
    """Forget one."""
    me = current_principal()
    return _remove(passkey_id, Actor.staff(me.id), me.key, "passkeys.staff")


@bp.post("/team/sign-in/passkey")
@requires(Permission.PUBLIC)
@limiter.limit("20 per 5 minutes")
def sign_in_staff() -> Response:
    """A member signs in with a passkey, which is two factors in one: the device, and what unlocks it."""
    try:
        kind, number = _answered()
        if kind != "staff":
            raise PasskeyRefused("a participant's passkey")
        member = service(TeamService).sign_in_with_passkey(number, present_device())
    except (PasskeyRefused, MemberUnknown, SignInRefused):
        flash(_("This passkey did not work. Use your password and a code."), "problem")
        return redirect(url_for("team.sign_in"))
    return start_session(member)


@bp.post("/team/confirm/passkey")
@requires(Permission.OWN_ACCOUNT)
@limiter.limit("20 per 5 minutes")
def confirm() -> Response:
    """Prove again who one is, before a delicate act."""
    me = current_principal()
    try:
        if _answered() != (me.kind, me.id):
            raise PasskeyRefused("somebody else's passkey")
        service(TeamService).confirm_with_passkey(me.id)
    except (PasskeyRefused, SignInRefused):
        flash(_("This passkey did not work. Use your password and a code."), "problem")
        return redirect(url_for("team.confirm"))
    return after_proof()


def _answered() -> tuple[str, int]:
    """Kind and number of the passkey's owner. Raises PasskeyRefused."""
    form = AnswerForm()
    challenge = asking.take()
    if not form.validate_on_submit():
        raise PasskeyRefused("no answer came")
    kind, _colon, number = service(PasskeyService).check(str(form.answer.data), challenge).partition(":")
    return kind, int(number)


def _manage(actor: Actor, subject: str, label: str, template: str, endpoint: str) -> Response | str:
    passkeys, owner, form = service(PasskeyService), current_principal().key, AnswerForm()
    if form.validate_on_submit():
        try:
            passkeys.add(owner, str(form.answer.data), asking.take(), actor=actor, subject=subject)
        except PasskeyRefused:
            flash(_("The passkey could not be added. Please try again."), "problem")
        except TooManyPasskeys:
            flash(_("You have 10 passkeys. Remove one first."), "problem")
        else:
            flash(_("Your passkey is added. You can come back with it from now on."))
        return redirect(url_for(endpoint))
    options = asking.put(passkeys.ask_to_add(owner, label)) if passkeys.available else ""
    return render_template(template, form=AnswerForm(None), passkeys=passkeys.of(owner), options=options)


def _remove(passkey_id: int, actor: Actor, subject: str, endpoint: str) -> Response:
    service(PasskeyService).remove(current_principal().key, passkey_id, actor=actor, subject=subject)
    flash(_("The passkey is removed. It opens nothing here any more."))
    return redirect(url_for(endpoint))
