"""Theoretical sampling: who was heard, memos, and notes on saturation."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.audit.domain import Actor
from portal.notes.forms import SaturationForm
from portal.notes.service import NotesService
from portal.sampling.service import SamplingService
from portal.study.service import StudyBook
from portal.team.service import TeamService
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.services import service

bp = Blueprint("sampling", __name__, url_prefix="/workspace/sampling")


@bp.get("")
@requires(Permission.NOTES_READ)
def start() -> str:
    """The picture."""
    return _page(SaturationForm())


@bp.post("")
@requires(Permission.NOTES_WRITE)
def write() -> Response | str:
    """Add a note on saturation."""
    form = SaturationForm()
    if not form.validate_on_submit():
        return _page(form)
    service(NotesService).write_saturation(str(form.text.data), staff_id=current_principal().id)
    flash(_("Kept."))
    return redirect(url_for("sampling.start"))


def _page(form: SaturationForm) -> str:
    me, notes = current_principal(), service(NotesService)
    picture = service(SamplingService).picture(me.sites)
    memos = notes.memos(picture.heard, actor=Actor.staff(me.id)) if picture.heard else {}
    return render_template(
        "sampling/start.html", form=form, picture=picture, memos=memos, saturation=notes.saturation(),
        names=service(TeamService).names(),
        study=service(StudyBook).current().study,
    )  # fmt: skip
