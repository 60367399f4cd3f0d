"""What pages of rooms share: their headers, what the script needs to know, and the answer to a browser's offer."""

import re
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from flask import Response, jsonify, make_response, render_template, request, session

from portal.rooms import errors
from portal.rooms.domain import LONGEST_NAME, Ending, Room
from portal.rooms.endings import Endings
from portal.rooms.forms import CheckForm
from portal.rooms.joining import LONGEST_OFFER, JoinService, Visitor
from portal.rooms.service import RoomService
from portal.rooms.stops import Stops
from portal.web.services import service

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; media-src 'self' blob:; form-action 'self'; "
    "base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
"""As everywhere, and a clip from the researcher's own disk (blob:), and the blur's WebAssembly."""
PERMISSIONS_POLICY = "geolocation=(), payment=(), usb=(), camera=(self), microphone=(self), display-capture=(self)"
_CHOICES = "room_choices"
_WISH = re.compile(r"[A-Za-z0-9-]{8,64}")
_LONGEST_AGO = 48 * 3600
"""Seconds. What is older is no wish of now."""
_REFUSED: tuple[tuple[type[Exception], HTTPStatus, str], ...] = (
    (errors.NotOpen, HTTPStatus.CONFLICT, "early"),
    (errors.RoomOver, HTTPStatus.GONE, "over"),
    (errors.NotConsented, HTTPStatus.FORBIDDEN, "no_consent"),
    (errors.OfferRefused, HTTPStatus.BAD_REQUEST, "offer_refused"),
    (errors.RoomFull, HTTPStatus.CONFLICT, "full"),
    (errors.MediaFull, HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
    (errors.MediaAway, HTTPStatus.SERVICE_UNAVAILABLE, "away"),
)


@dataclass(frozen=True)
class Choices:
    """What somebody chose in the device check. It lives in the session on the server, not in the browser."""

    name: str = ""
    audio_only: bool = False
    blur: bool = False
    camera: str = ""
    microphone: str = ""
    speaker: str = ""


def choices() -> Choices:
    """What was chosen, or the defaults."""
    kept = session.get(_CHOICES)
    return Choices(**kept) if isinstance(kept, dict) else Choices()


def chosen_in(form: CheckForm) -> Choices:
    """What the device check's form says."""
    return Choices(
        str(form.name.data or ""), bool(form.audio_only.data), bool(form.blur.data), str(form.camera.data or ""),
        str(form.microphone.data or ""), str(form.speaker.data or ""),
    )  # fmt: skip


def keep_choices(chosen: Choices) -> None:
    """Remember them for the room."""
    session[_CHOICES] = {**chosen.__dict__, "name": chosen.name[:LONGEST_NAME]}


def page(template: str, **context: object) -> Response:
    """A page that may use camera and microphone."""
    answer = make_response(render_template(template, rules=service(RoomService).rules, **context))
    answer.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    answer.headers["Permissions-Policy"] = PERMISSIONS_POLICY
    return answer


def answer_stop(room: Room, visitor: Visitor) -> tuple[Response, int]:
    """Take in the wish to stop in the request: 200 once it is on record, or the reason as a code."""
    body = request.get_json(silent=True)
    name, ago = (body.get("wish"), body.get("ago")) if isinstance(body, dict) else (None, None)
    if not isinstance(name, str) or not _WISH.fullmatch(name) or type(ago) is not int or not 0 <= ago <= _LONGEST_AGO:
        return jsonify(error="bad_request"), HTTPStatus.BAD_REQUEST
    try:
        service(Stops).ask(room, visitor, name, timedelta(seconds=ago))
    except errors.RoomOver:
        return jsonify(error="over"), HTTPStatus.GONE
    except errors.TooManyStops:
        return jsonify(error="too_many"), HTTPStatus.CONFLICT  # no 429: to ask again later is of no use
    return jsonify({}), HTTPStatus.OK


def answer_join(room: Room, visitor: Visitor) -> tuple[Response, int]:
    """Answer the offer in the request: 200 with the answer, or the reason as a code."""
    body = request.get_json(silent=True)
    offer = body.get("sdp") if isinstance(body, dict) else None
    if not isinstance(offer, str) or not offer or len(offer) > LONGEST_OFFER:
        return jsonify(error="offer_refused"), HTTPStatus.BAD_REQUEST
    try:
        answer = service(JoinService).join(room, visitor, offer)
    except tuple(kind for kind, _, _ in _REFUSED) as error:
        status, code = next((status, code) for kind, status, code in _REFUSED if isinstance(error, kind))
        how = _how(room, error)
        return jsonify({"error": code} | ({"how": how} if how else {})), status
    return jsonify(sdp=answer.sdp, iceServers=answer.ice_servers), HTTPStatus.OK


def _how(room: Room, error: Exception) -> Ending | None:
    """Why the room is over for her, whose page was in it before: what her page is to go to."""
    if not isinstance(error, errors.NotOpen | errors.RoomOver):
        return None
    why = service(Endings).of(service(RoomService).by_id(room.id))
    return Ending.MOVED if why is None and isinstance(error, errors.NotOpen) else why
