"""The page of messages that did not arrive: by study ID and kind, without address and content."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.messages.errors import MessageUnknown
from portal.messages.failures import Failure, Failures
from portal.people.service import PeopleService
from portal.team.present import current_actor
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.services import service

SHOWN = 100
"""So many at once: a mail server that refuses everything for a day must not make a page without end."""

bp = Blueprint("undelivered", __name__, url_prefix="/workspace/undelivered")


@bp.get("")
@requires(Permission.UNDELIVERED)
def page() -> str:
    """What waits for somebody of the team."""
    failures = service(Failures)
    mine = {one.subject for one in service(PeopleService).all(current_principal().sites)}
    shown = [one for one in failures.waiting() if _concerns(one, mine)]
    unreachable = sorted(one.removeprefix("participant:") for one in failures.unreachable() if one in mine)
    return render_template(
        "workspace/undelivered.html", failures=shown[:SHOWN], more=max(len(shown) - SHOWN, 0), unreachable=unreachable
    )


@bp.post("/<int:message_id>/again")
@requires(Permission.UNDELIVERED)
def again(message_id: int) -> Response:
    """Try once more."""
    try:
        service(Failures).send_again(message_id, actor=current_actor())
    except MessageUnknown:
        flash(_("This message cannot be sent again. A colleague may have dealt with it."))
    else:
        flash(_("It will be sent again."))
    return redirect(url_for("undelivered.page"))


@bp.post("/<int:message_id>/settle")
@requires(Permission.UNDELIVERED)
def settle(message_id: int) -> Response:
    """Nothing more to do."""
    try:
        service(Failures).settle(message_id, actor=current_actor())
    except MessageUnknown:
        flash(_("A colleague has dealt with this message."))
    else:
        flash(_("Taken off the list."))
    return redirect(url_for("undelivered.page"))


def _concerns(failure: Failure, mine: set[str]) -> bool:
    """Messages to colleagues and to addresses that are nobody's yet concern everybody."""
    return failure.subject is None or not failure.subject.startswith("participant:") or failure.subject in mine
