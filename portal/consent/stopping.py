"""Changing her mind: the ways to stop, and what became of it."""

from flask import Blueprint, abort, redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal.consent.errors import NoConsent
from portal.consent.sealing import Sealing
from portal.consent.service import ConsentService
from portal.people.present import current_participant
from portal.receipts.service import ReceiptService
from portal.study.service import StudyBook
from portal.web.forms import EmptyForm
from portal.web.permissions import Permission, requires
from portal.web.services import service

bp = Blueprint("stopping", __name__)


@bp.get("/withdraw")
@requires(Permission.OWN_JOURNEY)
def withdraw() -> str:
    """The ways to stop, and what can still be removed."""
    state = service(ConsentService).state(current_participant())
    chosen = {one.level: one.at for one in state.since_given}
    return render_template(
        "consent/withdraw.html", study=service(StudyBook).current().study, state=state, chosen=chosen
    )


@bp.route("/withdraw/<level>", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def confirm(level: str) -> Response | str:
    """Confirm one way to stop. No reason is asked for."""
    form, study = EmptyForm(), service(StudyBook).current().study
    chosen = next((one for one in study.withdrawal.levels if one.key == level), None)
    if chosen is None:
        abort(404)
    if form.validate_on_submit():
        try:
            reference = service(ConsentService).withdraw(current_participant(), level)
        except NoConsent:
            return redirect(url_for("stopping.withdraw"))
        service(Sealing).seal(reference)
        return redirect(url_for("stopping.withdrawn", reference=reference))
    return render_template("consent/withdraw_confirm.html", form=form, level=chosen, study=study)


@bp.get("/withdrawn/<reference>")
@requires(Permission.OWN_JOURNEY)
def withdrawn(reference: str) -> str:
    """What was stopped, and the receipt. Another's reference is answered like one that does not exist."""
    mine = service(ConsentService).state(current_participant()).withdrawals
    found = next((one for one in mine if one.reference == reference), None)
    if found is None:
        abort(404)
    return render_template(
        "consent/withdrawn.html", withdrawn=found, receipt=service(ReceiptService).find(reference)
    )  # fmt: skip
