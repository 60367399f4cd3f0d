"""What a participant reads, answers and signs."""

from flask import Blueprint, abort, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from markupsafe import escape
from werkzeug.wrappers import Response

from portal.consent import errors
from portal.consent.domain import Signature, Standing, StatementAnswer, refused, unanswered
from portal.consent.forms import EmptyForm, SignForm, StatementForm, all_statements, answers_of, check_form
from portal.consent.readings import Readings
from portal.consent.sealing import Sealing
from portal.consent.service import ConsentService
from portal.people.domain import Participant
from portal.people.service import PeopleService
from portal.receipts.errors import UnknownReceipt
from portal.receipts.service import ReceiptService
from portal.study.markdown import to_html
from portal.study.parts import Document
from portal.study.service import StudyBook
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.services import service

bp = Blueprint("consent", __name__)


def _me() -> Participant:
    return service(PeopleService).participant(current_principal().id)


@bp.get("/information")
@requires(Permission.OWN_JOURNEY)
def information() -> str:
    """The information sheet, its summary first."""
    me = _me()
    publication = service(StudyBook).current()
    sheet = publication.study.documents[me.group].information_sheet
    service(Readings).note(me, sheet.content_hash)
    return render_template("consent/information.html", sheet=sheet, study=publication.study, to_html=to_html)


@bp.get("/information.pdf")
@requires(Permission.OWN_JOURNEY)
def information_pdf() -> Response:
    """The sheet to keep or to print."""
    study = service(StudyBook).current().study
    sheet = study.documents[_me().group].information_sheet
    return _pdf(service(ReceiptService).document_pdf(*_printed(sheet, study.iras_id)), "information-sheet.pdf")


@bp.get("/your-data")
@requires(Permission.OWN_JOURNEY)
def privacy() -> str:
    """The privacy notice."""
    study = service(StudyBook).current().study
    return render_template(
        "consent/document.html", document=study.documents[_me().group].privacy, study=study, to_html=to_html
    )


@bp.get("/afterwards")
@requires(Permission.OWN_JOURNEY)
def debrief() -> str:
    """The debrief sheet."""
    study = service(StudyBook).current().study
    return render_template(
        "consent/document.html", document=study.documents[_me().group].debrief, study=study, to_html=to_html
    )


@bp.route("/information/check", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def check() -> str:
    """A short check that never blocks: what was unclear is shown again, and to the person taking consent."""
    me = _me()
    questions = service(StudyBook).current().study.documents[me.group].comprehension
    form, results = check_form(questions), None
    if form.validate_on_submit():
        chosen = {one.key: form[f"q-{one.key}"].data for one in questions.questions if form[f"q-{one.key}"].data}
        results = service(Readings).save_check(me, questions, chosen)
    return render_template("consent/check.html", form=form, check=questions, results=results)


@bp.get("/consent")
@requires(Permission.OWN_JOURNEY)
def start() -> Response | str:
    """Where she is: reading, waiting, answering, or done."""
    me, consents = _me(), service(ConsentService)
    publication, form = consents.form(me)
    state = consents.state(me)
    if state.stands and state.given:
        return redirect(url_for("consent.done", reference=state.given.reference))
    sheet = publication.study.documents[me.group].information_sheet
    ready = service(Readings).ready_at(me.id, publication, sheet.content_hash)
    if ready is None:
        return render_template("consent/read_first.html")
    changes = consents.changes(me) if state.standing is Standing.OUTDATED else ()
    return render_template(
        "consent/start.html", form=form, study=publication.study, ready=ready, changes=changes, state=state
    )


@bp.route("/consent/statement/<key>", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def statement(key: str) -> Response | str:
    """One statement on a page."""
    me, consents = _me(), service(ConsentService)
    _publication, form = consents.form(me)
    keys = [one.key for one in form.statements]
    if key not in keys:
        abort(404)
    known = consents.draft(me)
    answered = known.get(key)
    initials = answered.initials if answered else next((one.initials for one in known.values()), "")
    page = StatementForm(data={"agreed": _yes_no(answered), "initials": initials})
    if page.validate_on_submit():
        consents.answer(me, form.content_hash, {key: page.answer()})
        at = form.statement(key)
        if at.kind == "mandatory" and not page.answer().agreed:
            return redirect(url_for("consent.not_now", key=key))
        return redirect(_after(keys, key, {**known, key: page.answer()}))
    number = keys.index(key) + 1
    return render_template(
        "consent/statement.html", form=page, statement=form.statement(key), number=number, total=len(keys),
        back=url_for("consent.statement", key=keys[number - 2]) if number > 1 else url_for("consent.start"),
    )  # fmt: skip


@bp.route("/consent/statements", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def statements() -> Response | str:
    """All statements on one page."""
    me, consents = _me(), service(ConsentService)
    _publication, form = consents.form(me)
    page = all_statements(form, consents.draft(me))
    if page.validate_on_submit():
        answers = answers_of(page, form.statements)
        consents.answer(me, form.content_hash, answers)
        stopped = refused(form, answers)
        if stopped:
            return redirect(url_for("consent.not_now", key=stopped[0].key))
        return redirect(url_for("consent.review"))
    return render_template("consent/statements.html", form=page, consent_form=form)


@bp.get("/consent/not-now/<key>")
@requires(Permission.OWN_JOURNEY)
def not_now(key: str) -> str:
    """She said no to something that the study cannot do without: thank her, and leave the door open."""
    form = service(ConsentService).form(_me())[1]
    try:
        return render_template("consent/not_now.html", statement=form.statement(key))
    except KeyError:
        abort(404)


@bp.get("/consent/check-answers")
@requires(Permission.OWN_JOURNEY)
def review() -> Response | str:
    """Check answers before signing."""
    me, consents = _me(), service(ConsentService)
    publication, form = consents.form(me)
    answers = consents.draft(me)
    missing = unanswered(form, answers)
    if missing:
        return redirect(_answering(publication.study.consent_layout, missing[0].key))
    return render_template(
        "consent/review.html", consent_form=form, answers=answers, layout=publication.study.consent_layout,
        refused=refused(form, answers),
    )  # fmt: skip


@bp.route("/consent/sign", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def sign() -> Response | str | tuple[str, int]:
    """Sign: recorded in one transaction, whole or not at all."""
    me, consents = _me(), service(ConsentService)
    publication, form = consents.form(me)
    page = SignForm(form_hash=form.content_hash)
    if page.validate_on_submit():
        signature = Signature(str(page.name.data), str(page.drawn.data or ""))
        try:
            reference = consents.give(me, str(page.form_hash.data), signature)
        except (errors.NotReady, errors.MandatoryRefused):
            return redirect(url_for("consent.review"))
        except errors.TooSoon:
            return redirect(url_for("consent.start"))
        except errors.FormChanged:
            return render_template("consent/form_changed.html"), 409
        service(Sealing).seal(reference)
        return redirect(url_for("consent.done", reference=reference))
    missing = unanswered(form, consents.draft(me))
    if missing and not page.errors:
        return redirect(url_for("consent.review"))
    return render_template(
        "consent/sign.html", form=page, consent_form=form,
        drawing=publication.study.signature.kind == "typed_and_drawn",
    )  # fmt: skip


@bp.get("/consent/done/<reference>")
@requires(Permission.OWN_JOURNEY)
def done(reference: str) -> str:
    """Confirmation, with the reference; the receipt may follow a little later."""
    me = _me()
    _own(me, reference)
    return render_template(
        "consent/done.html", reference=reference, receipt=service(ReceiptService).find(reference),
        email=service(PeopleService).email_of(me.id),
    )  # fmt: skip


@bp.get("/receipts/<reference>.pdf")
@requires(Permission.OWN_JOURNEY)
def receipt(reference: str) -> Response | tuple[str, int]:
    """Her own receipt."""
    _own(_me(), reference)
    receipts = service(ReceiptService)
    try:
        return _pdf(receipts.pdf(reference), receipts.receipt(reference).file_name)
    except UnknownReceipt:
        return render_template("consent/receipt_waits.html"), 404


@bp.get("/withdraw")
@requires(Permission.OWN_JOURNEY)
def withdraw() -> str:
    """The ways to stop, and what can still be removed."""
    me = _me()
    study = service(StudyBook).current().study
    return render_template("consent/withdraw.html", study=study, state=service(ConsentService).state(me))


@bp.route("/withdraw/<level>", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def withdraw_confirm(level: str) -> Response | str:
    """Confirm one way to stop. No reason is asked for."""
    me, consents, page = _me(), service(ConsentService), EmptyForm()
    study = service(StudyBook).current().study
    chosen = next((one for one in study.withdrawal.levels if one.key == level), None)
    if chosen is None:
        abort(404)
    if page.validate_on_submit():
        try:
            reference = consents.withdraw(me, level)
        except errors.NoConsent:
            return redirect(url_for("consent.withdraw"))
        service(Sealing).seal(reference)
        return redirect(url_for("consent.withdrawn", reference=reference))
    return render_template("consent/withdraw_confirm.html", form=page, level=chosen, study=study)


@bp.get("/withdrawn/<reference>")
@requires(Permission.OWN_JOURNEY)
def withdrawn(reference: str) -> str:
    """What was stopped, and the receipt."""
    _own(_me(), reference)
    return render_template(
        "consent/withdrawn.html", reference=reference, receipt=service(ReceiptService).find(reference)
    )


def _own(me: Participant, reference: str) -> None:
    """Another's reference is answered like one that does not exist."""
    if service(ConsentService).owner(reference) != me.id:
        abort(404)


def _yes_no(answer: StatementAnswer | None) -> str | None:
    return None if answer is None else "yes" if answer.agreed else "no"


def _answering(layout: str, key: str) -> str:
    return url_for("consent.statements") if layout == "all_on_one" else url_for("consent.statement", key=key)


def _after(keys: list[str], key: str, known: dict[str, StatementAnswer]) -> str:
    """The next statement without an answer, or the check of answers."""
    later = [one for one in keys[keys.index(key) + 1 :] if one not in known] or [
        one for one in keys if one not in known
    ]
    return url_for("consent.statement", key=later[0]) if later else url_for("consent.review")


def _printed(document: Document, iras_id: str) -> tuple[str, str, str, str]:
    parts = [f"<h2>{_escaped(one.heading)}</h2>{to_html(one.body)}" for one in document.sections]
    footer = _(
        "IRAS ID %(iras)s, version %(version)s, %(date)s", iras=iras_id, version=document.version, date=document.date
    )
    return document.title, "".join(parts), footer, document.language


def _escaped(text: str) -> str:
    return str(escape(text))


def _pdf(content: bytes, name: str) -> Response:
    answer = make_response(content)
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
