"""Amendments as pages: put forward, compare, approve, publish, and how far re-consent has come."""

import tempfile
from pathlib import Path

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.amendments.archive import unpack
from portal.amendments.comparing import compare
from portal.amendments.domain import Amendment
from portal.amendments.errors import (
    AmendmentUnknown,
    ApprovedBefore,
    BadArchive,
    NotApproved,
    NothingChanged,
    NotOpen,
)
from portal.amendments.forms import DraftForm
from portal.amendments.service import AmendmentService
from portal.amendments.words import people_left_out
from portal.people.domain import Participant
from portal.people.service import PeopleService
from portal.study.domain import Study
from portal.study.errors import PeopleLeftOut, Problem, StudyFileError
from portal.study.lint import lint, without_errors
from portal.study.loader import load
from portal.study.service import StudyBook
from portal.team.present import current_actor, current_member
from portal.team.service import TeamService
from portal.web.forms import EmptyForm
from portal.web.limits import limiter
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.recent import recently_proved
from portal.web.services import service

bp = Blueprint("amendments", __name__, url_prefix="/workspace/amendments")


@bp.get("")
@requires(Permission.AMENDMENTS_READ)
def overview() -> str:
    """Every version that was put forward, and re-consent to the published one."""
    amendments, current = service(AmendmentService), service(StudyBook).current()
    return render_template(
        "amendments/overview.html", amendments=amendments.all(), current=current, names=_names(),
        progress=amendments.progress(_people()),
    )  # fmt: skip


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.AMENDMENTS_DRAFT)
@limiter.limit("20 per hour", methods=["POST"])
def draft() -> Response | str:
    """Put a new version forward."""
    form = DraftForm()
    problems: tuple[Problem, ...] = ()
    if form.validate_on_submit():
        try:
            study = _uploaded(form.file.data.read())
            number = service(AmendmentService).draft(study, str(form.reason.data), actor=current_actor())
        except BadArchive as error:
            form.file.errors = [str(error)]
        except StudyFileError as error:
            problems = tuple(error.problems)
            form.file.errors = [_("The files have problems, listed below. Mend them and choose the ZIP file again")]
        except NothingChanged:
            form.file.errors = [_("These files say exactly what is published, or what was published before")]
        except PeopleLeftOut as error:
            form.file.errors = [people_left_out(error)]
        else:
            return redirect(url_for("amendments.amendment", amendment_id=number))
    return render_template("amendments/draft.html", form=form, problems=problems)


@bp.get("/<int:amendment_id>")
@requires(Permission.AMENDMENTS_READ)
def amendment(amendment_id: int) -> str:
    """What a version changes, side by side, whom it reaches, and who has approved it."""
    found, study = _found(amendment_id)
    book = service(StudyBook)
    before = book.at(found.base_hash).study
    groups = {one.key: one.label for one in (*before.groups, *study.groups)}
    return render_template(
        "amendments/amendment.html", amendment=found, status=found.status(book.current().content_hash),
        changes=compare(before, study), groups=groups,
        reach=service(AmendmentService).reach(study, _people()),
        study=study, was_draft=before.draft, names=_names(), warnings=lint(study), form=EmptyForm(),
        me=current_principal().id,
    )  # fmt: skip


@bp.post("/<int:amendment_id>/approve")
@requires(Permission.AMENDMENTS_APPROVE)
@recently_proved
def approve(amendment_id: int) -> Response:
    """Approve exactly what was compared."""
    member = current_member()
    try:
        service(AmendmentService).approve(amendment_id, member)
    except AmendmentUnknown:
        abort(404)
    except NotOpen:
        flash(_("This amendment is not open any more."), "problem")
    except ApprovedBefore:
        flash(_("You have approved it already. Another person has to approve it too."), "problem")
    else:
        flash(_("Approved. It is on record."))
    return redirect(url_for("amendments.amendment", amendment_id=amendment_id))


@bp.post("/<int:amendment_id>/withdraw")
@requires(Permission.AMENDMENTS_DRAFT)
def withdraw(amendment_id: int) -> Response:
    """Take it back."""
    try:
        service(AmendmentService).withdraw(amendment_id, actor=current_actor())
    except AmendmentUnknown:
        abort(404)
    except NotOpen:
        flash(_("This amendment is not open any more."), "problem")
    else:
        flash(_("Taken back. Nothing has changed."))
    return redirect(url_for("amendments.overview"))


@bp.post("/<int:amendment_id>/publish")
@requires(Permission.AMENDMENTS_APPROVE)
@recently_proved
def publish(amendment_id: int) -> Response:
    """Publish what two people have approved."""
    try:
        service(AmendmentService).publish(amendment_id, actor=current_actor())
    except AmendmentUnknown:
        abort(404)
    except NotOpen:
        flash(_("This amendment is not open any more."), "problem")
    except NotApproved:
        flash(_("Two people have to approve it first, one of them a lead."), "problem")
    except PeopleLeftOut as error:
        flash(people_left_out(error), "problem")
    else:
        flash(_("Published. Whoever has to consent anew is asked at the next visit."))
        return redirect(url_for("amendments.overview"))
    return redirect(url_for("amendments.amendment", amendment_id=amendment_id))


def _uploaded(data: bytes) -> Study:
    """The study in a ZIP file, free of errors. Raises BadArchive, StudyFileError."""
    with tempfile.TemporaryDirectory(prefix="portal-amendment-") as folder:
        return without_errors(load(unpack(data, Path(folder))))


def _found(amendment_id: int) -> tuple[Amendment, Study]:
    try:
        return service(AmendmentService).one(amendment_id)
    except AmendmentUnknown:
        abort(404)


def _people() -> list[Participant]:
    return service(PeopleService).all(current_principal().sites)


def _names() -> dict[str, str]:
    return service(TeamService).actor_names()
