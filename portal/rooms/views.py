"""A participant's way into the room and out of it, and a guest's."""

from collections.abc import Mapping

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal.audit.domain import Actor
from portal.people.domain import Participant
from portal.people.present import current_participant
from portal.rooms.calls import answer_join, answer_stop, choices, chosen_in, keep_choices, page
from portal.rooms.domain import Ending, Phase, Room
from portal.rooms.errors import GuestRefused, NotConsented, NothingArranged, NotOpen, RoomUnknown
from portal.rooms.forms import CheckForm
from portal.rooms.guests import GuestList
from portal.rooms.joining import PARTICIPANT, JoinService, Visitor
from portal.rooms.service import RoomService
from portal.rooms.stops import Stops
from portal.rooms.tickets import Role
from portal.study.markdown import to_html
from portal.study.service import StudyBook
from portal.web.forms import EmptyForm
from portal.web.limits import limiter
from portal.web.permissions import Permission, requires
from portal.web.services import service

bp = Blueprint("rooms", __name__)
_GUEST = "room_guest"
_TALKED = (Ending.ENDED, Ending.LEFT, Ending.DONE, Ending.ENDED_EARLY)
"""Who reads these may have told us something that goes on working in her."""
_TO_GUESTS: Mapping[Ending, Ending] = (
    dict.fromkeys((Ending.DONE, Ending.ENDED_EARLY, Ending.WITHDRAWN), Ending.ENDED)
    | dict.fromkeys((Ending.HOURS, Ending.CANCELLED, Ending.MOVED, Ending.BY_PHONE), Ending.NOT_HELD)
)  # fmt: skip
"""What stands in the address of a guest's page instead: why her interview ends is hers."""


@bp.app_template_global("room_is_open")
def room_is_open() -> bool:
    """Whether she may come into a room now: for other pages of hers, which know of bookings alone."""
    meeting = service(RoomService).meeting(current_participant())
    return meeting is not None and meeting.phase is Phase.OPEN


@bp.get("/room")
@requires(Permission.OWN_JOURNEY)
def start() -> str:
    """When it is, and before she goes in: is she alone, is it safe to talk?"""
    meeting = service(RoomService).meeting(current_participant())
    return render_template("rooms/start.html", meeting=meeting, Phase=Phase, rules=service(RoomService).rules)


@bp.get("/room/not-now")
@requires(Permission.OWN_JOURNEY)
def not_now() -> str:
    """It is not safe, or not the moment."""
    return render_template("rooms/not_now.html", rules=service(RoomService).rules)


@bp.route("/room/check", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def check() -> BaseResponse:
    """Try camera, microphone and speaker. It may be tried on any day."""
    form = _check_form()
    if form.validate_on_submit():
        keep_choices(chosen_in(form))
        return redirect(url_for("rooms.room"))
    me = current_participant()
    return page(
        "rooms/check.html", form=form, action=url_for("rooms.check"), back=url_for("rooms.start"),
        is_open=_may_go_in(), names=service(RoomService).rules.display_name == "chosen",
        ice_servers=service(JoinService).ice_servers(PARTICIPANT), own_name=me.study_id,
    )  # fmt: skip


@bp.get("/room/call")
@requires(Permission.OWN_JOURNEY)
def room() -> BaseResponse:
    """The room itself: she waits in it until she is let in."""
    me = current_participant()
    try:
        found = service(RoomService).enter(me)
    except (NotOpen, NothingArranged, NotConsented):
        return redirect(url_for("rooms.start"))
    return page(
        "rooms/room.html", role=Role.PARTICIPANT, room=found, choices=choices(), me=_participant(me),
        join=url_for("rooms.join", room_code=found.code), ending=_ending_url("rooms.over"),
        stop=url_for("rooms.stop", room_code=found.code), present=url_for("rooms.present"), to_html=to_html,
        debrief=service(StudyBook).current().study.documents[me.group].debrief,
        recording_allowed=service(JoinService).recording_allowed(found),
        ice_servers=service(JoinService).ice_servers(PARTICIPANT), check=url_for("rooms.check"),
    )  # fmt: skip


@bp.post("/room/<room_code>/join")
@requires(Permission.OWN_JOURNEY)
@limiter.limit("60 per minute")
def join(room_code: str) -> tuple[Response, int]:
    """Her browser's offer."""
    me = current_participant()
    try:
        found = service(RoomService).own(me, room_code)
    except RoomUnknown:
        return jsonify(error="unknown"), 404
    return answer_join(found, _participant(me))


@bp.post("/room/<room_code>/stop")
@requires(Permission.OWN_JOURNEY)
@limiter.limit("60 per minute")
def stop(room_code: str) -> tuple[Response, int]:
    """She needs to stop now. Her page says it here too, since the call's connection may be what is lost."""
    me = current_participant()
    try:
        found = service(RoomService).own(me, room_code)
    except RoomUnknown:
        return jsonify(error="unknown"), 404
    return answer_stop(found, _participant(me))


@bp.get("/room/present")
@requires(Permission.PUBLIC)
def present() -> tuple[str, int]:
    """Asked for now and then by the room's page, so that nobody is signed out who waits or talks for hours."""
    return "", 204


@bp.get("/room/over/<how>")
@requires(Permission.OWN_JOURNEY)
def over(how: str) -> str:
    """The end: thank her, the debrief sheet, where to find help."""
    me = current_participant()
    return render_template(
        "rooms/over.html", how=_ending(how), debrief=service(StudyBook).current().study.documents[me.group].debrief,
        to_html=to_html, rules=service(RoomService).rules, again=_may_go_in(),
        meeting=service(RoomService).meeting(me), talked=_TALKED, Ending=Ending,
        told=any(_was_told(one, _participant(me)) for one in service(RoomService).of_participant(me)[:1]),
    )  # fmt: skip


@bp.route("/guest/<token>", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
@limiter.limit("30 per minute")
def guest(token: str) -> BaseResponse | str | tuple[str, int]:
    """An interpreter's or a supporter's link. Only the button uses it, so that a scanner's visit does nothing."""
    try:
        _room, visitor = service(GuestList).find(token)
    except GuestRefused:
        return render_template("rooms/guest_refused.html"), 404
    form = EmptyForm()
    if form.validate_on_submit():
        session[_GUEST] = token
        return redirect(url_for("rooms.guest_check"))
    return render_template("rooms/guest.html", form=form, role=visitor.role)


@bp.route("/guest-check", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
def guest_check() -> BaseResponse | str | tuple[str, int]:
    """The device check of a guest."""
    try:
        _room, visitor = _guest()
    except GuestRefused:
        return render_template("rooms/guest_refused.html"), 404
    form = _check_form()
    if form.validate_on_submit():
        keep_choices(chosen_in(form))
        return redirect(url_for("rooms.guest_room"))
    return page(
        "rooms/check.html", form=form, action=url_for("rooms.guest_check"), back=None, is_open=True, names=True,
        ice_servers=service(JoinService).ice_servers(visitor.person), own_name=visitor.name,
    )  # fmt: skip


@bp.get("/guest-room")
@requires(Permission.PUBLIC)
def guest_room() -> BaseResponse | str | tuple[str, int]:
    """The room for a guest."""
    try:
        found, visitor = _guest()
    except GuestRefused:
        return render_template("rooms/guest_refused.html"), 404
    return page(
        "rooms/room.html", role=visitor.role, room=found, choices=choices(), me=visitor,
        join=url_for("rooms.guest_join"), ending=_ending_url("rooms.guest_over", _TO_GUESTS), recording_allowed=False,
        stop=url_for("rooms.guest_stop"), present=url_for("rooms.present"),
        ice_servers=service(JoinService).ice_servers(visitor.person), check=url_for("rooms.guest_check"),
    )  # fmt: skip


@bp.post("/guest-join")
@requires(Permission.PUBLIC)
@limiter.limit("60 per minute")
def guest_join() -> tuple[Response, int]:
    """A guest's browser's offer."""
    try:
        found, visitor = _guest()
    except GuestRefused:
        return jsonify(error="over"), 410
    return answer_join(found, visitor)


@bp.post("/guest-stop")
@requires(Permission.PUBLIC)
@limiter.limit("60 per minute")
def guest_stop() -> tuple[Response, int]:
    """A guest needs to stop now."""
    try:
        found, visitor = _guest(also_over=True)
    except GuestRefused:
        return jsonify(error="over"), 410
    return answer_stop(found, visitor)


@bp.get("/guest-over/<how>")
@requires(Permission.PUBLIC)
def guest_over(how: str) -> str:
    """The end for a guest."""
    try:
        told = _was_told(*_guest(also_over=True))
    except GuestRefused:
        told = False
    return render_template("rooms/guest_over.html", how=_ending(how), rules=service(RoomService).rules, told=told)


def _may_go_in() -> bool:
    """Whether the room is open, or she may go back into a call that goes on over its hours."""
    return room_is_open() or service(RoomService).going_on(current_participant()) is not None


def _participant(me: Participant) -> Visitor:
    chosen = choices()
    named = service(RoomService).rules.display_name == "chosen"
    name = (chosen.name if named else me.study_id) or _("Participant")
    return Visitor(PARTICIPANT, Role.PARTICIPANT, name, Actor.participant(me.study_id), video=not chosen.audio_only)


def _guest(*, also_over: bool = False) -> tuple[Room, Visitor]:
    chosen = choices()
    return service(GuestList).find(str(session.get(_GUEST, "")), chosen.name, also_over=also_over)


def _check_form() -> CheckForm:
    return CheckForm(data=choices().__dict__)


def _was_told(room: Room, visitor: Visitor) -> bool:
    """Whether we have heard that this very person stopped in the room."""
    return any(one.person == visitor.person for one in service(Stops).of([room.id]).get(room.id, ()))


def _ending(word: str) -> Ending:
    try:
        return Ending(word)
    except ValueError:
        abort(404)


def _ending_url(endpoint: str, called: Mapping[Ending, Ending] | None = None) -> dict[str, str]:
    """Where the script goes when the call is over, by the reason that it was told."""
    return {how.value: url_for(endpoint, how=(called or {}).get(how, how).value) for how in Ending}
