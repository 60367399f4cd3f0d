"""Ask that a recording be opened for today's keys or destroyed; decide on what a colleague asked."""

import base64
import binascii
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.recordings.destroying import Destructions
from portal.recordings.domain import Recording
from portal.recordings.errors import HeadersRefused, RecordingDestroyed, RecordingUnknown, VaultError
from portal.recordings.keys.errors import NotReadyToRecord
from portal.recordings.keys.service import KeyService
from portal.recordings.keys.views import shown
from portal.recordings.requests.domain import Request, What, Why
from portal.recordings.requests.errors import AlreadyAsked, RecipientsChanged, RequestUnknown, SamePerson
from portal.recordings.requests.forms import ErasureForm
from portal.recordings.requests.service import Requests
from portal.recordings.service import RecordingService
from portal.team.service import TeamService
from portal.web.forms import EmptyForm
from portal.web.i18n import in_words
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.recent import recently_proved
from portal.web.services import service

bp = Blueprint("requests", __name__, url_prefix="/workspace/recordings")
Answer = Response | str
LARGEST_HEADER = 64_000


@bp.get("/requests")
@requires(Permission.RECORDINGS_REQUEST)
def listing() -> str:
    """What waits for a decision."""
    members = service(TeamService).names()
    rows = [(one, _recording(one.recording)) for one in service(Requests).open()]
    return render_template("recordings/requests/listing.html", rows=rows, members=members, study_id=_study_id)


@bp.post("/<recording>/requests/rewrap")
@requires(Permission.RECORDINGS_REQUEST)
@recently_proved
def ask_rewrap(recording: str) -> Response:
    """Ask that the recording be opened for the keys that are in use today."""
    found = _recording(recording)
    try:
        service(Requests).ask_rewrap(found.id, staff_id=current_principal().id)
    except NotReadyToRecord as error:
        flash(in_words(error.said))
    except AlreadyAsked:
        flash(_("This is asked already and waits for a colleague."))
    except RecordingDestroyed:
        abort(410)
    else:
        flash(_("Asked. A colleague whose key opens the recording decides."))
    return redirect(url_for("requests.listing"))


@bp.route("/<recording>/requests/erase", methods=["GET", "POST"])
@requires(Permission.RECORDINGS_REQUEST)
@recently_proved
def ask_erasure(recording: str) -> Answer:
    """Ask that the recording be destroyed."""
    found, form = _recording(recording), ErasureForm()
    if form.validate_on_submit():
        try:
            service(Requests).ask_erasure(found.id, Why(form.why.data), staff_id=current_principal().id)
        except AlreadyAsked:
            flash(_("This is asked already and waits for a colleague."))
        except RecordingDestroyed:
            abort(410)
        else:
            flash(_("Asked. A colleague has to carry it out; nothing is destroyed yet."))
        return redirect(url_for("requests.listing"))
    return render_template(
        "recordings/requests/ask_erasure.html", form=form, recording=found, study_id=_study_id(found)
    )


@bp.get("/requests/<int:recording_request>")
@requires(Permission.RECORDINGS_DECIDE)
@recently_proved
def decide(recording_request: int) -> str:
    """Look at a request and decide."""
    asked = _request(recording_request)
    known: dict[str, Any] = {
        "asked": asked, "recording": _recording(asked.recording), "form": EmptyForm(), "me": current_principal().id,
        "members": {one.id: one for one in service(TeamService).members()}, "study_id": _study_id,
    }  # fmt: skip
    if asked.what is What.ERASE:
        return render_template("recordings/requests/erase.html", **known)
    return render_template("recordings/requests/rewrap.html", **known, **_rewrapping(asked))


@bp.post("/requests/<int:recording_request>/refuse")
@requires(Permission.RECORDINGS_DECIDE)
@recently_proved
def refuse(recording_request: int) -> Response:
    """Decide against it, or take it back."""
    try:
        service(Requests).refuse(recording_request, staff_id=current_principal().id)
    except RequestUnknown:
        abort(404)
    flash(_("Nothing was changed, and the request is closed."))
    return redirect(url_for("requests.listing"))


@bp.post("/requests/<int:recording_request>/erase")
@requires(Permission.RECORDINGS_DECIDE)
@recently_proved
def erase(recording_request: int) -> Response:
    """Carry out what a colleague asked: nobody can read the recording from now on."""
    asked = _request(recording_request)
    try:
        service(Requests).erase(recording_request, staff_id=current_principal().id)
    except SamePerson:
        flash(_("Nothing was changed: you asked for this, so a colleague has to carry it out."))
        return redirect(url_for("requests.decide", recording_request=recording_request))
    except RequestUnknown:
        abort(404)
    return redirect(url_for("requests.certificate", recording=asked.recording))


@bp.post("/requests/<int:recording_request>/rewrap")
@requires(Permission.RECORDINGS_DECIDE)
@recently_proved
def rewrap(recording_request: int) -> Response | tuple[Response, int]:
    """Put the headers in force that the decider's browser wrote."""
    try:
        service(Requests).rewrap(recording_request, _headers(), staff_id=current_principal().id)
    except (RequestUnknown, RecordingUnknown):
        abort(404)
    except RecordingDestroyed:
        abort(410)
    except SamePerson:
        return jsonify(error=_("you asked for this, so a colleague has to decide")), 422
    except (HeadersRefused, RecipientsChanged, VaultError) as error:
        return jsonify(error=str(error)), 422
    flash(_("Done. The keys that you saw can open this recording now."))
    return jsonify(next=url_for("requests.listing"))


@bp.get("/<recording>/certificate")
@requires(Permission.RECORDINGS_READ)
def certificate(recording: str) -> str:
    """What stays of a destroyed recording: that it was destroyed."""
    found = _recording(recording)
    destroyed = service(Destructions)
    if not destroyed.is_destroyed(found.id):
        abort(404)
    return render_template(
        "recordings/requests/certificate.html", recording=found, study_id=_study_id(found),
        certificate=destroyed.certificate(found.id),
    )  # fmt: skip


def _rewrapping(asked: Request) -> dict[str, Any]:
    """What the page needs to write new headers: the present ones, the keys, and the decider's own ways to unlock."""
    recordings, me = service(RecordingService), current_principal().id
    try:
        keys = service(Requests).recipients()
    except NotReadyToRecord:
        keys = ()
    owners = {one.recipient.fingerprint: one.owner for one in service(KeyService).all()}
    try:
        raw = recordings.headers(asked.recording)
    except (RecordingDestroyed, RecordingUnknown):
        abort(410)
    return {
        "keys": keys, "owners": owners, "changed": {one.fingerprint for one in keys} != asked.recipients,
        "headers": {name: base64.b64encode(header).decode() for name, header in raw.items()},
        "ways": [shown(one) for one in service(KeyService).hand_wraps(staff_id=me)],
    }  # fmt: skip


def _headers() -> dict[str, bytes]:
    sent = request.get_json(silent=True)
    headers = sent.get("headers") if isinstance(sent, dict) else None
    if not isinstance(headers, dict):
        abort(400)
    try:
        return {
            str(name): base64.b64decode(text, validate=True)
            for name, text in headers.items()
            if isinstance(text, str) and len(text) <= LARGEST_HEADER
        }
    except binascii.Error:
        abort(400)


def _request(recording_request: int) -> Request:
    try:
        return service(Requests).request(recording_request)
    except RequestUnknown:
        abort(404)


def _recording(recording: str) -> Recording:
    try:
        return service(RecordingService).recording(recording)
    except RecordingUnknown:
        abort(404)


def _study_id(recording: Recording) -> str:
    return service(RecordingService).study_id(recording) or _("not linked")
