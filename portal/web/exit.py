"""Leave at once: ends the session, clears what the browser kept, and goes to a neutral page."""

from flask import Blueprint, make_response, render_template
from werkzeug.wrappers import Response

from portal.web.permissions import Permission, requires
from portal.web.principal import sign_out

NEUTRAL_PAGE = "https://www.bbc.co.uk/weather"

bp = Blueprint("exit", __name__)


@bp.route("/exit", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
def leave() -> Response:
    """End the session and go. The page replaces itself in the history; without scripts it refreshes itself."""
    sign_out()
    answer = make_response(render_template("exit.html", neutral=NEUTRAL_PAGE))
    answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    answer.headers["Refresh"] = f"0; url={NEUTRAL_PAGE}"
    return answer
