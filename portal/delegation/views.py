"""The delegation log as a page: everybody of the team reads it, the lead signs it."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.clock import london_day
from portal.delegation.domain import Task
from portal.delegation.errors import DaysReversed, DelegationUnknown, NotDelegable
from portal.delegation.forms import TASKS, DelegateForm
from portal.delegation.service import DelegationService, delegable
from portal.team.present import current_actor
from portal.team.service import TeamService
from portal.web.forms import EmptyForm
from portal.web.permissions import Permission, requires
from portal.web.recent import recently_proved
from portal.web.services import service
from portal.web.sessions import SessionStore

bp = Blueprint("delegation", __name__, url_prefix="/workspace/delegation")


@bp.get("")
@requires(Permission.DELEGATION_READ)
def log() -> str:
    """Who may do what, and since when."""
    names = service(TeamService).actor_names()
    today = london_day(service(SessionStore).clock())
    return render_template(
        "delegation/log.html", log=service(DelegationService).log(), names=names, today=today,
        tasks={one.value: one.label for one in TASKS}, form=EmptyForm(),
    )  # fmt: skip


@bp.route("/sign", methods=["GET", "POST"])
@requires(Permission.DELEGATION_SIGN)
@recently_proved
def sign() -> Response | str:
    """The lead gives a task to a member, and signs for it."""
    able = [one for one in service(TeamService).members() if not one.closed and delegable(one.role)]
    form = DelegateForm.of(able, london_day(service(SessionStore).clock()))
    if form.validate_on_submit():
        member = next(one for one in able if str(one.id) == form.member.data)
        tasks = [Task(one) for one in form.tasks.data]
        try:
            first, last = form.starts_on.data, form.ends_on.data
            service(DelegationService).sign(member, tasks, first, last, actor=current_actor())
        except DaysReversed:
            form.ends_on.errors = [_("The last day must not be before the first")]
        except NotDelegable:
            form.member.errors = [_("Tasks cannot be given to this member")]
        else:
            flash(_("Signed. It stands in the delegation log."))
            return redirect(url_for("delegation.log"))
    return render_template("delegation/sign.html", form=form, able=able)


@bp.post("/<int:delegation_id>/end")
@requires(Permission.DELEGATION_SIGN)
@recently_proved
def end(delegation_id: int) -> Response:
    """Take a task back at once."""
    try:
        service(DelegationService).end(delegation_id, actor=current_actor())
    except DelegationUnknown:
        abort(404)
    flash(_("Ended. It applies from now on."))
    return redirect(url_for("delegation.log"))
