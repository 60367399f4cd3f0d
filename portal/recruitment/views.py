"""Saying no, kindly; and the team's record of who does not take part."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.people.present import current_participant, named_participant
from portal.recruitment.errors import NothingToTakeBack
from portal.recruitment.forms import DeclineForm, ExcludeForm
from portal.recruitment.service import RecruitmentService
from portal.study.service import StudyBook
from portal.team.present import current_actor
from portal.web.permissions import Permission, requires
from portal.web.services import service

bp = Blueprint("recruitment", __name__)


@bp.route("/no-thanks", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def no_thanks() -> str:
    """She may say no, with a reason or without one, and may still change her mind."""
    me = current_participant()
    form = DeclineForm.of(service(StudyBook).current().study.recruitment)
    if form.validate_on_submit():
        service(RecruitmentService).decline(me, form.reason.data or "")
        return render_template("recruitment/thank_you.html")
    return render_template("recruitment/no_thanks.html", form=form)


@bp.route("/workspace/participants/<study_id>/not-taking-part", methods=["GET", "POST"])
@requires(Permission.RECRUITMENT)
def exclude(study_id: str) -> Response | str:
    """Record why somebody is not in the study."""
    person = named_participant(study_id)
    form = ExcludeForm.of(service(StudyBook).current().study.recruitment)
    if form.validate_on_submit():
        service(RecruitmentService).exclude(person, form.reason.data, actor=current_actor())
        flash(_("Recorded: %(study_id)s does not take part.", study_id=study_id))
        return redirect(url_for("workspace.participant", study_id=study_id))
    return render_template("recruitment/exclude.html", form=form, person=person)


@bp.post("/workspace/participants/<study_id>/takes-part-after-all")
@requires(Permission.RECRUITMENT)
def readmit(study_id: str) -> Response:
    """Take an exclusion back."""
    person = named_participant(study_id)
    try:
        service(RecruitmentService).readmit(person, actor=current_actor())
    except NothingToTakeBack:
        flash(_("%(study_id)s was not excluded.", study_id=study_id))
    else:
        flash(_("Taken back. %(study_id)s can take part.", study_id=study_id))
    return redirect(url_for("workspace.participant", study_id=study_id))
