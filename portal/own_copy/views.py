"""Her own copy in one click; and for the team, when she asks for it in another way."""

from flask import Blueprint, make_response, render_template
from werkzeug.wrappers import Response

from portal.audit.domain import Actor
from portal.own_copy.service import OwnCopyService
from portal.own_copy.words import told
from portal.people.present import current_participant, named_participant
from portal.team.present import current_actor
from portal.web.forms import EmptyForm
from portal.web.limits import limiter
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.recent import recently_proved
from portal.web.services import service

bp = Blueprint("own_copy", __name__)


def _whoever() -> str:
    return current_principal().key


@bp.get("/your-copy")
@requires(Permission.OWN_JOURNEY)
def page() -> str:
    """What the copy holds, and the button."""
    return render_template("own_copy/page.html", form=EmptyForm())


@bp.post("/your-copy")
@requires(Permission.OWN_JOURNEY)
@limiter.limit("5 per day", key_func=_whoever)
def download() -> Response:
    """The copy."""
    me = current_participant()
    actor = Actor.participant(me.study_id)
    return _zip(service(OwnCopyService).make(me, actor=actor, for_whom="herself", tell=told), "your-data.zip")


@bp.get("/workspace/participants/<study_id>/copy")
@requires(Permission.IDENTITY_READ)
@recently_proved
def for_her(study_id: str) -> str:
    """Before the team makes a copy for her."""
    return render_template("own_copy/for_her.html", form=EmptyForm(), study_id=study_id)


@bp.post("/workspace/participants/<study_id>/copy")
@requires(Permission.IDENTITY_READ)
@limiter.limit("20 per day", key_func=_whoever)
@recently_proved
def make_for_her(study_id: str) -> Response:
    """The copy, for the team to hand over."""
    person = named_participant(study_id)
    actor = current_actor()
    return _zip(service(OwnCopyService).make(person, actor=actor, for_whom="team", tell=told), f"copy-{study_id}.zip")


def _zip(content: bytes, name: str) -> Response:
    answer = make_response(content)
    answer.headers["Content-Type"] = "application/zip"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
