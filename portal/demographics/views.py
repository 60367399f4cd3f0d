"""Questions about the participant, one a page, each of which she may pass over."""

from flask import Blueprint, abort, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.demographics.domain import ValueRefused, readable
from portal.demographics.errors import Closed, ErasureWaits
from portal.demographics.forms import question_form, value_of
from portal.demographics.service import DemographicsService
from portal.people.present import current_participant
from portal.web.permissions import Permission, requires
from portal.web.services import service

bp = Blueprint("demographics", __name__, url_prefix="/about-you")


@bp.get("")
@requires(Permission.OWN_JOURNEY)
def start() -> Response | str:
    """The answers so far, or the first question."""
    me, demographics = current_participant(), service(DemographicsService)
    until = demographics.open_until(me)
    questionnaire, answers = demographics.questionnaire(me), demographics.standing(me)
    if until is None:
        return render_template("demographics/not_yet.html")
    return render_template(
        "demographics/start.html", questionnaire=questionnaire, answers=answers, readable=readable, until=until,
        first=next(iter(demographics.left(me)), None),
    )  # fmt: skip


@bp.route("/<key>", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def question(key: str) -> Response | str | tuple[str, int]:
    """One question."""
    me, demographics = current_participant(), service(DemographicsService)
    questionnaire = demographics.questionnaire(me)
    keys = [one.key for one in questionnaire.questions]
    if key not in keys:
        abort(404)
    one, answers = questionnaire.question(key), demographics.standing(me)
    form = question_form(one, answers.get(key))
    if form.validate_on_submit():
        try:
            demographics.answer(me, key, value_of(one, form))
        except ValueRefused:
            form["answer"].errors = [_problem(one.kind, one.minimum, one.maximum)]
        except Closed:
            return render_template("demographics/closed.html"), 409
        except ErasureWaits:
            return render_template("consent/erasure_waits.html", again=url_for("demographics.question", key=key)), 409
        else:
            later = [other for other in keys[keys.index(key) + 1 :] if other not in answers]
            return redirect(url_for("demographics.question", key=later[0]) if later else url_for("demographics.start"))
    at = keys.index(key)
    return render_template(
        "demographics/question.html", form=form, question=one, number=at + 1, total=len(keys),
        back=url_for("demographics.question", key=keys[at - 1]) if at else url_for("demographics.start"),
    )  # fmt: skip


def _problem(kind: str, minimum: int | None, maximum: int | None) -> str:
    if kind in ("number", "year"):
        return str(
            _("Enter a number from %(low)s to %(high)s, or choose “Prefer not to say”", low=minimum, high=maximum)
        )
    if kind == "text":
        return str(_("Write an answer, or choose “Prefer not to say”"))
    return str(_("Choose an answer. “Prefer not to say” is fine"))
