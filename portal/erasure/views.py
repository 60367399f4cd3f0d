"""Retention and erasure: who asked, who decides, what was erased with which proof."""

from collections.abc import Iterable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.consent.service import ConsentService
from portal.db.kinds import DataKind
from portal.erasure.domain import Request
from portal.erasure.errors import DayInFuture, RequestUnknown, SecondPersonNeeded
from portal.erasure.forms import KINDS, MILESTONES, AskForm, MilestoneForm
from portal.erasure.retention import RetentionService
from portal.erasure.service import ErasureService
from portal.erasure.words import after
from portal.people.present import named_participant
from portal.study.service import StudyBook
from portal.team.service import TeamService
from portal.web.forms import EmptyForm
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.recent import recently_proved
from portal.web.services import service

bp = Blueprint("erasure", __name__, url_prefix="/workspace")


@bp.get("/retention")
@requires(Permission.ERASURE_ASK)
def start() -> str:
    """The study's periods, what waits for a second person, and what was erased."""
    return _page(MilestoneForm())


@bp.route("/participants/<study_id>/erase", methods=["GET", "POST"])
@requires(Permission.ERASURE_ASK)
def ask(study_id: str) -> Response | str:
    """Ask to erase somebody's data; a second person decides."""
    person, form = named_participant(study_id), AskForm()
    if form.validate_on_submit():
        kinds = [DataKind(one) for one in form.kinds.data or ()]
        service(RetentionService).ask(
            person, kinds, str(form.why.data), str(form.words.data), staff_id=current_principal().id
        )
        flash(_("Asked. Somebody else who may erase has to approve it."))
        return redirect(url_for("workspace.participant", study_id=study_id))
    return render_template("erasure/ask.html", form=form, person=person)


@bp.post("/retention/requests/<int:erasure_request>/approve", defaults={"approve": True})
@bp.post("/retention/requests/<int:erasure_request>/refuse", defaults={"approve": False})
@requires(Permission.ERASE)
@recently_proved
def decide(erasure_request: int, *, approve: bool) -> Response:
    """Approve a request, or turn it down."""
    since = _consented_since(service(RetentionService).requests(current_principal().sites))
    if approve and since.get(erasure_request, "") != request.form.get("since", ""):
        told = _("The participant has consented since you opened this page. Nothing is decided yet: please look again.")
        flash(told, "problem")
        return redirect(url_for("erasure.start"))
    try:
        service(RetentionService).decide(erasure_request, approve=approve, staff_id=current_principal().id)
    except RequestUnknown:
        flash(_("This request was decided before."))
    except SecondPersonNeeded:
        flash(_("You asked for this yourself. Somebody else has to decide."))
    else:
        approved = _("Approved. It is carried out within a minute.")
        flash(approved if approve else _("Turned down. Nothing is erased."))
    return redirect(url_for("erasure.start"))


@bp.post("/retention/milestones")
@requires(Permission.ERASE)
@recently_proved
def declare() -> Response | str:
    """Declare a day from which periods count."""
    form = MilestoneForm()
    if not form.validate_on_submit():
        return _page(form)
    try:
        service(RetentionService).declare(form.milestone.data, form.day.data, staff_id=current_principal().id)
    except DayInFuture:
        form.day.errors = [_("This day is still to come. Declare it once it is here")]
        return _page(form)
    flash(_("Declared. It counts once a second person has confirmed it."))
    return redirect(url_for("erasure.start"))


@bp.post("/retention/milestones/<int:milestone_id>/confirm")
@requires(Permission.ERASE)
@recently_proved
def confirm(milestone_id: int) -> Response:
    """Confirm a milestone as the second person."""
    try:
        service(RetentionService).confirm(milestone_id, staff_id=current_principal().id)
    except RequestUnknown:
        flash(_("This was confirmed before."))
    except SecondPersonNeeded:
        flash(_("You declared this yourself. Somebody else has to confirm it."))
    else:
        flash(_("Confirmed. The periods of the study run from this day."))
    return redirect(url_for("erasure.start"))


def _consented_since(requests: Iterable[Request]) -> dict[int, str]:
    """Of those who consented after it was asked the reference: whoever decides should know that this would go too."""
    found = {}
    for one in requests:
        given = service(ConsentService).state(named_participant(one.study_id)).given
        if given is not None and given.at > one.requested_at:
            found[one.id] = given.reference
    return found


def _page(form: MilestoneForm) -> str:
    retention, me = service(RetentionService), current_principal()
    requests = retention.requests(me.sites)
    return render_template(
        "erasure/start.html", form=form, button=EmptyForm(), requests=requests, me=me,
        since=_consented_since(requests),
        milestones=retention.milestones(), retention=service(StudyBook).current().study.retention,
        erasures=service(ErasureService).newest(me.sites),
        names=service(TeamService).names(),
        kinds={one.value: one.label for one in KINDS}, words={one.value: one.label for one in MILESTONES},
        after=after,
    )  # fmt: skip
