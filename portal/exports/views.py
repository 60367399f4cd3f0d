"""Take data out: with a purpose, after a fresh proof of who one is, on record with the hash of what left."""

from collections.abc import Mapping

from flask import Blueprint, Response, abort, render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from portal.clock import london_day, now
from portal.exports.domain import MANY, SEVERAL, Export, ExportKind
from portal.exports.errors import NothingToExport
from portal.exports.forms import PURPOSES, ExportForm
from portal.exports.service import ExportService, Wish
from portal.exports.words import reader
from portal.study.service import StudyBook
from portal.team.service import TeamService
from portal.web.limits import limiter
from portal.web.permissions import Permission, requires
from portal.web.principal import Principal, current_principal
from portal.web.recent import recently_proved
from portal.web.services import service

bp = Blueprint("exports", __name__, url_prefix="/workspace/exports")
_NEEDS = {
    ExportKind.DATA: Permission.EXPORT,
    ExportKind.REGISTER: Permission.SITE_FILE,
    ExportKind.SITE_FILE: Permission.SITE_FILE,
}


@bp.get("")
@requires(Permission.SITE_FILE)
@recently_proved
def start() -> str:
    """What can be taken out, and what was."""
    return _page(_form())


@bp.post("")
@requires(Permission.SITE_FILE)
@limiter.limit("20 per hour")
@recently_proved
def create() -> AnyResponse | str | tuple[str, int]:
    """The export itself."""
    form, me = _form(), current_principal()
    if not form.validate_on_submit():
        return _page(form)
    kind, site = ExportKind(form.kind.data), str(form.site.data or "")
    if _NEEDS[kind] not in me.permissions:
        abort(403)
    wish = Wish(kind, str(form.purpose.data), str(form.words.data), me.id, reader())
    try:
        pieces = service(ExportService).start(wish, [site] if site else me.sites)
    except NothingToExport:
        form.kind.errors = [_("There is nothing to take out yet: nobody has consented")]
        return _page(form)
    table = kind is ExportKind.REGISTER
    answer = Response(pieces, mimetype="text/csv" if table else "application/zip")
    name = "-".join(part for part in (kind.value, site, london_day(now()).isoformat()) if part)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{"csv" if table else "zip"}"'
    return answer


def _form() -> ExportForm:
    me = current_principal()
    return ExportForm.of(service(StudyBook).current().study, me.sites, _kinds(me))


def _kinds(me: Principal) -> list[ExportKind]:
    return [kind for kind, permission in _NEEDS.items() if permission in me.permissions]


def _page(form: ExportForm) -> str:
    names = service(TeamService).names()
    known = {one.key: one.name for one in service(StudyBook).current().study.sites}
    exports = service(ExportService).newest(current_principal().sites)
    return render_template(
        "exports/start.html", form=form, exports=exports, names=names,
        sites={one.id: _sites(one, known) for one in exports}, purposes={one.value: one.label for one in PURPOSES},
    )  # fmt: skip


def _sites(export: Export, known: Mapping[str, str]) -> str:
    if export.site == MANY:
        return str(_("many sites"))
    keys = export.site.split(SEVERAL) if export.site else []
    return ", ".join(known.get(one, one) for one in keys) or str(_("all sites"))
