"""Her conversation with the team, and the team's shared inbox."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from portal.audit.domain import Actor
from portal.enquiries.errors import TooMany
from portal.enquiries.forms import AnswerForm, AskForm, ResultsForm
from portal.enquiries.service import EnquiryService
from portal.people.domain import Participant
from portal.people.present import current_participant, named_participant
from portal.study.service import StudyBook
from portal.team.present import current_actor
from portal.web.limits import limiter
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.services import service

bp = Blueprint("enquiries", __name__)


@bp.get("/contact")
@requires(Permission.PUBLIC)
def contact() -> str:
    """Whom to ask, for everybody; who is signed in may write right here."""
    study = service(StudyBook).current().study
    return render_template("enquiries/contact.html", study=study, mine=current_principal().kind == "participant")


@bp.route("/messages", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
@limiter.limit("30 per hour", methods=["POST"])
def mine() -> Response | str:
    """Her conversation, and a field to write."""
    me = current_participant()
    headings = _headings(me)
    form = AskForm(about=request.args.get("about", ""))
    if form.validate_on_submit():
        try:
            service(EnquiryService).ask(me, str(form.text.data), form.about.data if form.about.data in headings else "")
        except TooMany:
            form.text.errors = [_("You have sent many messages today. Please wait until tomorrow, or ring us")]
        else:
            flash(_("Sent. We will answer here."))
            return redirect(url_for("enquiries.mine"))
    posts = service(EnquiryService).mine(me)
    return render_template(
        "enquiries/mine.html", form=form, posts=posts, headings=headings, about=headings.get(form.about.data or "")
    )


@bp.get("/workspace/enquiries")
@requires(Permission.ENQUIRIES)
def inbox() -> str:
    """Every conversation, by study ID; those that wait first."""
    threads = service(EnquiryService).threads(current_principal().sites)
    return render_template("enquiries/inbox.html", threads=threads)


@bp.route("/workspace/enquiries/<study_id>", methods=["GET", "POST"])
@requires(Permission.ENQUIRIES)
def conversation(study_id: str) -> Response | str:
    """Read, on record, and answer."""
    person, me = named_participant(study_id), current_principal()
    form = AnswerForm()
    if form.validate_on_submit():
        service(EnquiryService).answer(person, str(form.text.data), staff_id=me.id)
        flash(_("Sent. The participant is told that a message waits."))
        return redirect(url_for("enquiries.inbox"))
    posts = service(EnquiryService).read(person, actor=Actor.staff(me.id))
    return render_template(
        "enquiries/conversation.html", form=form, posts=posts, person=person, headings=_headings(person)
    )


@bp.post("/workspace/enquiries/<study_id>/set-aside")
@requires(Permission.ENQUIRIES)
def set_aside(study_id: str) -> Response:
    """Nothing more to do about it."""
    service(EnquiryService).set_aside(named_participant(study_id), actor=current_actor())
    flash(_("Set aside."))
    return redirect(url_for("enquiries.inbox"))


@bp.route("/workspace/results", methods=["GET", "POST"])
@requires(Permission.RESULTS_SEND)
def results() -> Response | str:
    """Tell those who asked for it what the study found."""
    form, enquiries = ResultsForm(), service(EnquiryService)
    if form.validate_on_submit():
        reached = enquiries.send_results(str(form.text.data), staff_id=current_principal().id)
        flash(ngettext("%(num)d person is told.", "%(num)d people are told.", reached))
        return redirect(url_for("enquiries.inbox"))
    return render_template("enquiries/results.html", form=form, people=enquiries.results_for())


def _headings(person: Participant) -> dict[str, str]:
    """The sections of her information sheet."""
    sheet = service(StudyBook).current().study.documents[person.group].information_sheet
    return {one.key: one.heading for one in sheet.sections}
