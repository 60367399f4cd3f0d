"""Notes about a participant: read on record, written by whoever may."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.notes.domain import NoteKind
from portal.notes.forms import NoteForm
from portal.notes.service import NotesService
from portal.people.domain import Participant
from portal.people.present import named_participant
from portal.team.present import current_actor
from portal.team.service import TeamService
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.services import service

bp = Blueprint("notes", __name__, url_prefix="/workspace/participants/<study_id>/notes")


@bp.get("")
@requires(Permission.NOTES_READ)
def about(study_id: str) -> str:
    """What was written about her."""
    return _page(named_participant(study_id), NoteForm(kind=NoteKind.NOTE.value))


@bp.post("")
@requires(Permission.NOTES_WRITE)
def write(study_id: str) -> Response | str:
    """Add one."""
    person, form = named_participant(study_id), NoteForm()
    if not form.validate_on_submit():
        return _page(person, form)
    kind = NoteKind(form.kind.data)
    service(NotesService).write(person, kind, str(form.text.data), staff_id=current_principal().id)
    flash(_("Kept."))
    return redirect(url_for("notes.about", study_id=study_id))


def _page(person: Participant, form: NoteForm) -> str:
    notes = service(NotesService).read(person, actor=current_actor())
    names = service(TeamService).names()
    return render_template("notes/about.html", person=person, form=form, notes=notes, names=names)
