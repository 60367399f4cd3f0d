"""Notes about a participant: read on record, written by whoever may."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.audit.domain import Actor
from portal.notes.domain import NoteKind
from portal.notes.forms import NoteForm
from portal.notes.service import NotesService
from portal.people.domain import Participant
from portal.people.errors import ParticipantUnknown
from portal.people.service import PeopleService
from portal.team.service import TeamService
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.services import service

bp = Blueprint("notes", __name__, url_prefix="/workspace/participants/<study_id>/notes")


@bp.get("")
@requires(Permission.NOTES_READ)
def about(study_id: str) -> str:
    """What was written about her."""
    return _page(_person(study_id), NoteForm(kind=NoteKind.NOTE.value))


@bp.post("")
@requires(Permission.NOTES_WRITE)
def write(study_id: str) -> Response | str:
    """Add one."""
    person, form = _person(study_id), NoteForm()
    if not form.validate_on_submit():
        return _page(person, form)
    kind = NoteKind(form.kind.data)
    service(NotesService).write(person, kind, str(form.text.data), staff_id=current_principal().id)
    flash(_("Kept."))
    return redirect(url_for("notes.about", study_id=study_id))


def _page(person: Participant, form: NoteForm) -> str:
    notes = service(NotesService).read(person, actor=Actor.staff(current_principal().id))
    names = {one.id: one.name for one in service(TeamService).members()}
    return render_template("notes/about.html", person=person, form=form, notes=notes, names=names)


def _person(study_id: str) -> Participant:
    try:
        return service(PeopleService).by_study_id(study_id)
    except ParticipantUnknown:
        abort(404)
