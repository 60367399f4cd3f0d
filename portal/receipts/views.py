"""Checking a receipt, for anybody who has one. The file is read, judged and forgotten."""

from datetime import datetime

from flask import Blueprint, Response, make_response, render_template
from flask_babel import gettext

from portal.receipts.errors import SealFailed
from portal.receipts.forms import VerifyForm
from portal.receipts.render import LONDON
from portal.receipts.service import ReceiptService
from portal.receipts.verify import LARGEST
from portal.web.limits import limiter
from portal.web.permissions import Permission, requires
from portal.web.services import service

bp = Blueprint("receipts", __name__)


@bp.route("/verify", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
@limiter.limit("20 per minute", methods=["POST"])
def verify() -> str | tuple[str, int]:
    """Upload a receipt and learn whether it is whole."""
    form = VerifyForm()
    if not form.validate_on_submit():
        return render_template("receipts/verify.html", form=form, verdict=None, said=None)
    try:
        verdict = service(ReceiptService).verify(form.file.data.stream.read(LARGEST + 1))
    except SealFailed:
        return render_template("receipts/verify.html", form=form, verdict=None, said=None, unavailable=True), 503
    return render_template(
        "receipts/verify.html", form=form, verdict=verdict, said=verdict.said, sentence=gettext(verdict.sentence),
        made_at=datetime.fromisoformat(verdict.said.made_at).astimezone(LONDON) if verdict.said else None,
        stamped_at=verdict.said.stamped_at.astimezone(LONDON) if verdict.said and verdict.said.stamped_at else None,
    )  # fmt: skip


@bp.get("/verify/certificate.pem")
@requires(Permission.PUBLIC)
def certificate() -> Response:
    """The study's public certificates, for checks without this website."""
    answer = make_response(service(ReceiptService).certificate_pem)
    answer.headers["Content-Type"] = "application/x-pem-file"
    answer.headers["Content-Disposition"] = 'attachment; filename="seal-certificate.pem"'
    return answer


def pdf_response(pdf: bytes, filename: str) -> Response:
    """A PDF to save. The file name must hold nothing personal: it ends up in lists of downloads."""
    answer = make_response(pdf)
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
