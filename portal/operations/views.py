"""The status page for IT, and figures for Prometheus."""

import hmac

from flask import Blueprint, abort, make_response, render_template, request
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from werkzeug.wrappers import Response

from portal.operations.domain import worst
from portal.operations.metrics import Metrics
from portal.operations.service import Doctor
from portal.operations.words import part_name
from portal.settings import Settings
from portal.web.limits import limiter
from portal.web.permissions import Permission, requires
from portal.web.services import service

bp = Blueprint("operations", __name__)


@bp.get("/workspace/status")
@requires(Permission.OPERATIONS_READ)
@limiter.limit("30 per minute")
def status() -> str:
    """Every part's state, with a remedy."""
    findings = service(Doctor).examine()
    return render_template("operations/status.html", findings=findings, worst=worst(findings), part_name=part_name)


@bp.get("/metrics")
@requires(Permission.PUBLIC)
@limiter.limit("120 per minute")
def metrics() -> Response:
    """Counts and ages, to whoever holds the token. Without a token set, there is no such page."""
    token = service(Settings).metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    answer = make_response(generate_latest(service(Metrics).registry()))
    answer.headers["Content-Type"] = CONTENT_TYPE_LATEST
    return answer
