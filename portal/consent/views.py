"""What a participant answers and signs."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.consent import errors
from portal.consent.domain import Signature, Standing, StatementAnswer, fingerprint, refused, unanswered
from portal.consent.forms import CheckedForm, SignForm, StatementForm, all_statements, answers_of
from portal.consent.readings import Readings
from portal.consent.sealing import Sealing
from portal.consent.service import ConsentService
from portal.people.domain import Participant
from portal.people.present import current_participant
from portal.people.service import PeopleService
from portal.receipts.errors import UnknownReceipt
from portal.receipts.service import ReceiptService
from portal.receipts.views import pdf_response
from portal.web.permissions import Permission, requires
from portal.web.services import service

bp = Blueprint("consent", __name__)


@bp.get("/consent")
@requires(Permission.OWN_JOURNEY)
def start() -> Response | str:
    """Where she is: reading, waiting, answering, or done."""
    me, consents = current_participant(), service(ConsentService)
    publication, form = consents.form(me)
    state = consents.state(me)
    if state.stands and state.given:
        return redirect(url_for("consent.done", reference=state.given.reference))
    if consents.held(me):
        return render_template("consent/erasure_waits.html", again=url_for("consent.start"))
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
    me, consents = current_participant(), service(ConsentService)
    _publication, form = consents.form(me)
    keys = [one.key for one in form.statements]
    if key not in keys:
        abort(404)
    if signed := _signed_already(me):
        return signed
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
    me, consents = current_participant(), service(ConsentService)
    if signed := _signed_already(me):
        return signed
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
    form = service(ConsentService).form(current_participant())[1]
    try:
        return render_template("consent/not_now.html", statement=form.statement(key))
    except KeyError:
        abort(404)


@bp.route("/consent/check-answers", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def review() -> Response | str:
    """Check answers before signing. On to sign goes only what she looked at: another window may have changed it."""
    me, consents = current_participant(), service(ConsentService)
    if signed := _signed_already(me):
        return signed
    publication, form = consents.form(me)
    answers = consents.draft(me)
    missing = unanswered(form, answers)
    if missing:
        return redirect(_answering(publication.study.consent_layout, missing[0].key))
    page = CheckedForm()
    if page.validate_on_submit():
        if page.checked.data == fingerprint(answers):
            return redirect(url_for("consent.sign"))
        return _look_again()
    page.checked.data = fingerprint(answers)
    return render_template(
        "consent/review.html", form=page, consent_form=form, answers=answers,
        layout=publication.study.consent_layout, refused=refused(form, answers),
    )  # fmt: skip


@bp.route("/consent/sign", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def sign() -> Response | str | tuple[str, int]:
    """Sign: recorded in one transaction, whole or not at all."""
    me, consents = current_participant(), service(ConsentService)
    publication, form = consents.form(me)
    page = SignForm()
    if page.validate_on_submit():
        return _sign(me, page)
    if signed := _signed_already(me):
        return signed
    answers = consents.draft(me)
    if unanswered(form, answers):
        return redirect(url_for("consent.review"))
    page.form_hash.data = page.form_hash.data or form.content_hash
    page.checked.data = page.checked.data or fingerprint(answers)
    return render_template(
        "consent/sign.html", form=page, consent_form=form, answers=answers,
        drawing=publication.study.signature.kind == "typed_and_drawn",
    )  # fmt: skip


@bp.get("/consent/done/<reference>")
@requires(Permission.OWN_JOURNEY)
def done(reference: str) -> str:
    """Confirmation, with the reference; the receipt may follow a little later."""
    me = current_participant()
    _own(me, reference)
    return render_template(
        "consent/done.html", reference=reference, receipt=service(ReceiptService).find(reference),
        email=service(PeopleService).email_of(me.id),
    )  # fmt: skip


@bp.get("/receipts/<reference>.pdf")
@requires(Permission.OWN_JOURNEY)
def receipt(reference: str) -> Response | tuple[str, int]:
    """Her own receipt."""
    _own(current_participant(), reference)
    receipts = service(ReceiptService)
    try:
        return pdf_response(receipts.pdf(reference), receipts.receipt(reference).file_name)
    except UnknownReceipt:
        return render_template("consent/receipt_waits.html"), 404


@bp.errorhandler(errors.ErasureWaits)
def erasure_waits(_error: errors.ErasureWaits) -> tuple[str, int]:
    """Nothing new is taken before what she asked to be removed is gone: it would go with it."""
    return render_template("consent/erasure_waits.html", again=url_for("consent.start")), 409


def _sign(me: Participant, page: SignForm) -> Response | tuple[str, int]:
    signature = Signature(str(page.name.data), str(page.drawn.data or ""))
    try:
        reference = service(ConsentService).give(
            me, str(page.form_hash.data), signature, checked=str(page.checked.data)
        )  # fmt: skip
    except errors.AnswersChanged:
        return _look_again()
    except (errors.NotReady, errors.MandatoryRefused):
        return redirect(url_for("consent.review"))
    except errors.TooSoon:
        return redirect(url_for("consent.start"))
    except errors.FormChanged:
        return render_template("consent/form_changed.html"), 409
    service(Sealing).seal(reference)
    return redirect(url_for("consent.done", reference=reference))


def _own(me: Participant, reference: str) -> None:
    """Another's reference is answered like one that does not exist."""
    if service(ConsentService).owner(reference) != me.id:
        abort(404)


def _signed_already(me: Participant) -> Response | None:
    """A signed form is not answered again: going back, or another window, leads to what was recorded."""
    state = service(ConsentService).state(me)
    if not (state.stands and state.given):
        return None
    flash(_("You have signed this form. Your answers are kept as you signed them."))
    return redirect(url_for("consent.done", reference=state.given.reference))


def _look_again() -> Response:
    flash(_("Your answers were changed in another window. Please check them again."), "problem")
    return redirect(url_for("consent.review"))


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
