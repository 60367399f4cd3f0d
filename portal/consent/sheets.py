"""What a participant reads: the information sheet with its check, the privacy notice, the debrief sheet."""

from flask import Blueprint, render_template
from flask_babel import gettext as _
from markupsafe import escape
from werkzeug.wrappers import Response

from portal.consent.forms import check_form
from portal.consent.readings import Readings
from portal.people.present import current_participant
from portal.receipts.service import ReceiptService
from portal.receipts.views import pdf_response
from portal.study.markdown import to_html
from portal.study.parts import Document
from portal.study.service import StudyBook
from portal.web.permissions import Permission, requires
from portal.web.services import service

bp = Blueprint("sheets", __name__)


@bp.get("/information")
@requires(Permission.OWN_JOURNEY)
def information() -> str:
    """The information sheet, its summary first."""
    me = current_participant()
    publication = service(StudyBook).current()
    sheet = publication.study.documents[me.group].information_sheet
    service(Readings).note(me, sheet.content_hash)
    return render_template("consent/information.html", sheet=sheet, study=publication.study, to_html=to_html)


@bp.get("/information.pdf")
@requires(Permission.OWN_JOURNEY)
def information_pdf() -> Response:
    """The sheet to keep or to print."""
    study = service(StudyBook).current().study
    sheet = study.documents[current_participant().group].information_sheet
    return pdf_response(service(ReceiptService).document_pdf(*_printed(sheet, study.iras_id)), "information-sheet.pdf")


@bp.get("/your-data")
@requires(Permission.OWN_JOURNEY)
def privacy() -> str:
    """The privacy notice."""
    study = service(StudyBook).current().study
    return render_template(
        "consent/document.html", document=study.documents[current_participant().group].privacy, study=study,
        to_html=to_html,
    )  # fmt: skip


@bp.get("/afterwards")
@requires(Permission.OWN_JOURNEY)
def debrief() -> str:
    """The debrief sheet."""
    study = service(StudyBook).current().study
    return render_template(
        "consent/document.html", document=study.documents[current_participant().group].debrief, study=study,
        to_html=to_html,
    )  # fmt: skip


@bp.route("/information/check", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def check() -> str:
    """A short check that never blocks: what was unclear is shown again, and to the person taking consent."""
    me = current_participant()
    questions = service(StudyBook).current().study.documents[me.group].comprehension
    form, results = check_form(questions), None
    if form.validate_on_submit():
        chosen = {one.key: form[f"q-{one.key}"].data for one in questions.questions if form[f"q-{one.key}"].data}
        results = service(Readings).save_check(me, questions, chosen)
    return render_template("consent/check.html", form=form, check=questions, results=results)


def _printed(document: Document, iras_id: str) -> tuple[str, str, str, str]:
    parts = [f"<h2>{escape(one.heading)}</h2>{to_html(one.body)}" for one in document.sections]
    footer = _(
        "IRAS ID %(iras)s, version %(version)s, %(date)s", iras=iras_id, version=document.version, date=document.date
    )
    return document.title, "".join(parts), footer, document.language
