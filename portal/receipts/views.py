"""Anyone may check a receipt; nothing of it is kept."""

from flask import Blueprint, Response, make_response, render_template

from portal.receipts.forms import VerifyForm
from portal.receipts.service import ReceiptService
from portal.receipts.verify import LARGEST
from portal.web.limits import limiter
from portal.web.permissions import Permission, requires
from portal.web.services import service

bp = Blueprint("receipts", __name__)


@bp.route("/verify", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
@limiter.limit("30 per 10 minutes", methods=["POST"])
def verify() -> str:
    """Check an uploaded file."""
    form, verdict = VerifyForm(), None
    if form.validate_on_submit():
        verdict = service(ReceiptService).verify(form.file.data.stream.read(LARGEST + 1))
    return render_template("receipts_pages/verify.html", form=form, verdict=verdict)


@bp.get("/verify/certificate.pem")
@requires(Permission.PUBLIC)
def certificate() -> Response:
    """The study's public certificate, for checks offline."""
    answer = make_response(service(ReceiptService).certificate_pem)
    answer.headers["Content-Type"] = "application/x-pem-file"
    answer.headers["Content-Disposition"] = 'attachment; filename="certificate.pem"'
    return answer


def pdf_response(pdf: bytes, filename: str) -> Response:
    """A PDF to save. The file name must hold nothing personal: it ends up in download lists."""
    answer = make_response(pdf)
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return answer
