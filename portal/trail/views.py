"""The audit trail as pages: what happened, filtered and page by page, and whether the chain holds."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.audit.checkpoints import Checkpoints
from portal.audit.service import AuditLog
from portal.team.service import TeamService
from portal.trail import words
from portal.trail.forms import FilterForm
from portal.web.limits import limiter
from portal.web.permissions import Permission, requires
from portal.web.services import service

bp = Blueprint("trail", __name__, url_prefix="/workspace/audit")
SIZE = 50
_MOST = 2**62


@bp.get("")
@requires(Permission.AUDIT_READ)
def log() -> str:
    """A page of the trail, newest first."""
    audit, checkpoints = service(AuditLog), service(Checkpoints)
    names = service(TeamService).actor_names()
    form = FilterForm.of(audit.kinds(), list(names.items()))
    before = request.args.get("before", type=int)
    wanted = form.chosen() if form.validate() else None
    page = audit.page(wanted, min(before, _MOST) if before is not None else None, SIZE) if wanted else None
    kept = {name: value for name, value in request.args.items() if name in form.data and value}
    return render_template(
        "trail/log.html", form=form, page=page, names=names, words=words, kept=kept,
        filtered=bool(kept), later=before is not None, check=checkpoints.last_check(), note=checkpoints.newest(),
        key=checkpoints.key.public,
    )  # fmt: skip


@bp.post("/check")
@requires(Permission.AUDIT_READ)
@limiter.limit("6 per minute")
def check() -> Response:
    """Recompute the whole chain now."""
    verdict = service(Checkpoints).check()
    if verdict.problem:
        flash(_("The chain does not hold: %(problem)s", problem=verdict.problem), "problem")
    else:
        flash(_("The chain holds: %(count)s events.", count=verdict.events))
    return redirect(url_for("trail.log"))
