"""The way in: an invitation, or an e-mail address and a code."""

from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.messages.errors import StopUnknown
from portal.people.contact import ContactService
from portal.people.domain import Participant
from portal.people.errors import (
    CodeRefused,
    EmailTaken,
    InvitationExpired,
    InvitationUnknown,
    InvitationUsed,
    ParticipantUnknown,
)
from portal.people.forms import CodeForm, ContactForm, EmailForm
from portal.people.service import PeopleService
from portal.settings import Settings
from portal.study.service import StudyBook
from portal.web import principal, unfinished
from portal.web.forms import EmptyForm
from portal.web.limits import limiter
from portal.web.permissions import Permission, requires
from portal.web.services import service

bp = Blueprint("people", __name__)
JOURNEY = frozenset({Permission.OWN_JOURNEY})
_PENDING = "sign_in_email"
_PROBLEMS: dict[type[Exception], tuple[str, int]] = {
    InvitationUnknown: ("people/invitation_unknown.html", 404),
    InvitationExpired: ("people/invitation_expired.html", 410),
    InvitationUsed: ("people/invitation_used.html", 410),
}


@bp.get("/invitation/<token>")
@requires(Permission.PUBLIC)
@limiter.limit("60 per minute")
def invitation(token: str) -> Response | tuple[str, int] | str:
    """Show the door. Only the button opens it, so that a scanner's visit uses nothing up."""
    try:
        service(PeopleService).check(token)
    except tuple(_PROBLEMS) as error:
        page, code = _PROBLEMS[type(error)]
        return render_template(page), code
    return render_template("people/invitation.html", form=EmptyForm())


@bp.post("/invitation/<token>")
@requires(Permission.PUBLIC)
@limiter.limit("30 per minute")
def open_invitation(token: str) -> Response | tuple[str, int]:
    """Use the invitation and start her session."""
    try:
        person = service(PeopleService).open(token)
    except tuple(_PROBLEMS) as error:
        page, code = _PROBLEMS[type(error)]
        return render_template(page), code
    return start_session(person)


@bp.route("/sign-in", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
@limiter.limit("10 per 15 minutes", methods=["POST"])
def sign_in() -> Response | str:
    """Ask for the address and send a code."""
    form = EmailForm()
    if form.validate_on_submit():
        service(PeopleService).send_code(str(form.email.data))
        session[_PENDING] = form.email.data
        return redirect(url_for("people.sign_in_code"))
    return render_template("people/sign_in.html", form=form)


@bp.route("/sign-in/code", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
@limiter.limit("10 per 10 minutes", methods=["POST"])
def sign_in_code() -> Response | str:
    """Ask for the code."""
    email = session.get(_PENDING)
    if not email:
        return redirect(url_for("people.sign_in"))
    form = CodeForm()
    if form.validate_on_submit():
        try:
            person = service(PeopleService).sign_in(email, "".join(str(form.code.data).split()))
        except CodeRefused:
            form.code.errors = [_("This code does not work. Check the newest e-mail, or ask for a new code")]
        else:
            return start_session(person)
    return render_template("people/sign_in_code.html", form=form)


@bp.route("/your-email", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def your_email() -> Response | str:
    """Keep an address to come back with."""
    people, me = service(PeopleService), principal.current_principal()
    known = people.email_of(me.id)
    form = EmailForm(email=known)
    if form.validate_on_submit():
        try:
            people.set_email(me.id, str(form.email.data))
        except EmailTaken:
            form.email.errors = [_("Use another e-mail address. This one is already used in the study")]
        else:
            flash(_("Saved. You can come back with this e-mail address."))
            return redirect(url_for("journey.home"))
    return render_template("people/your_email.html", form=form)


@bp.route("/contact-choices", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def contact_choices() -> Response | str:
    """How may we contact you?"""
    contact, me = service(ContactService), principal.current_principal()
    names = service(Settings).mail_name, service(StudyBook).current().study.sponsor.name
    form = ContactForm.of(contact.choices(me.id), names=names, texts=contact.texts)
    if form.validate_on_submit():
        contact.save(me.id, form.chosen())
        flash(_("Saved. From now on we contact you in this way only."))
        return redirect(url_for("journey.home"))
    email = service(PeopleService).email_of(me.id)
    return render_template("people/contact_choices.html", form=form, email=email)


@bp.get("/stop/<token>")
@requires(Permission.PUBLIC)
@limiter.limit("30 per minute")
def stop(token: str) -> str | tuple[str, int]:
    """Ask before stopping: mail scanners fetch links too."""
    try:
        service(ContactService).check_stop(token)
    except StopUnknown:
        return render_template("people/stop_unknown.html"), 404
    return render_template("people/stop.html", form=EmptyForm())


@bp.post("/stop/<token>")
@requires(Permission.PUBLIC)
@limiter.limit("30 per minute")
def stop_now(token: str) -> str | tuple[str, int]:
    """Stop, by the button or by a mail program's one click (RFC 8058), which brings no session and no form token.

    The link itself is the proof, and all that it can do is to make us write less.
    """
    try:
        service(ContactService).stop_optional(token)
    except (StopUnknown, ParticipantUnknown):
        return render_template("people/stop_unknown.html"), 404
    return render_template("people/stopped.html")


@bp.record_once
def _let_mail_programs_stop(state: BlueprintSetupState) -> None:
    state.app.extensions["csrf"].exempt(stop_now)


@bp.post("/sign-out")
@requires(Permission.PUBLIC)
def sign_out() -> Response:
    """End the session on the server."""
    principal.sign_out()
    return redirect(url_for("people.sign_in"))


def start_session(person: Participant) -> Response:
    """Start a participant's session, and lead her to where she was, or home."""
    key = f"participant:{person.id}"
    principal.sign_in(principal.Principal(key, JOURNEY), carried=unfinished.kept_for(key))
    return redirect(unfinished.way_back() or url_for("journey.home"))
