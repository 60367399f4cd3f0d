"""The interviewer's side: what is on, the room with guide and notes, guests, and how it ended."""

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal.people.present import named_participant
from portal.rooms.calls import answer_join, choices, chosen_in, keep_choices, page
from portal.rooms.catalogue import RoomCatalogue
from portal.rooms.closing import Closing
from portal.rooms.domain import LONGEST_NOTE, Ending, GuestRole, Outcome, Room
from portal.rooms.errors import NotConsented, NoteOverwritten, NothingArranged, RoomUnknown, TopicUnknown
from portal.rooms.forms import CheckForm, GuestForm, OutcomeForm
from portal.rooms.guests import GuestList
from portal.rooms.history import history
from portal.rooms.joining import JoinService
from portal.rooms.notes import Notebook
from portal.rooms.service import RoomService
from portal.rooms.stops import Stops
from portal.study.markdown import to_html
from portal.team.present import current_member
from portal.team.service import TeamService
from portal.web.forms import EmptyForm
from portal.web.limits import limiter
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.services import service

bp = Blueprint("interviews", __name__, url_prefix="/workspace/interviews")
_LONGEST_RECORDING_MS = 24 * 3600 * 1000
_TO_OUTCOME = (Ending.ENDED, Ending.LEFT)
"""Ends of the member's own doing. Of all others she is told why first."""


@bp.get("")
@requires(Permission.INTERVIEW)
def listing() -> str:
    """What is on now, what comes, what nobody has marked yet, and who asked to stop after it was marked."""
    rooms, stops, sees = service(RoomService), service(Stops), current_principal().sees
    now, unmarked, late = (
        [one for one in found if sees(one.participant.site)]
        for found in (rooms.open_rooms(), rooms.unmarked(), rooms.many(stops.after_outcome()))
    )
    return render_template(
        "rooms/listing.html", now=now, unmarked=unmarked, late=late,
        stops=stops.of([one.id for one in (*now, *unmarked, *late)]),
        coming=[(person, hours) for person, hours in rooms.coming() if sees(person.site)],
        overlooked=[(person, hours) for person, hours in rooms.overlooked() if sees(person.site)],
        form=EmptyForm(), can_be_kept=service(JoinService).can_be_kept(),
    )  # fmt: skip


@bp.post("/open/<study_id>")
@requires(Permission.INTERVIEW)
def open_room(study_id: str) -> BaseResponse:
    """Her agreed interview's room, or a new one from now on."""
    person = named_participant(study_id)
    try:
        found = service(RoomService).open_by_hand(person, staff_id=current_member().id)
    except NotConsented:
        flash(_("%(study_id)s has not consented, so there is no interview yet.", study_id=study_id))
        return redirect(url_for("interviews.listing"))
    return redirect(url_for("interviews.room", room_code=found.code))


@bp.post("/overlooked/<study_id>")
@requires(Permission.INTERVIEW)
def overlooked(study_id: str) -> BaseResponse:
    """Nobody came, neither side: say so."""
    person = named_participant(study_id)
    try:
        found = service(RoomService).room_of_overlooked(person, staff_id=current_member().id)
    except NothingArranged:  # somebody else was faster
        return redirect(url_for("interviews.listing"))
    return redirect(url_for("interviews.outcome", room_code=found.code))


@bp.route("/check", methods=["GET", "POST"])
@requires(Permission.INTERVIEW)
def check() -> BaseResponse:
    """The interviewer's own devices."""
    form = CheckForm(data=choices().__dict__)
    if form.validate_on_submit():
        keep_choices(chosen_in(form))
        return redirect(url_for("interviews.listing"))
    return page(
        "rooms/check_team.html", form=form, action=url_for("interviews.check"), names=False,
        ice_servers=service(JoinService).ice_servers(f"s{current_member().id}"), own_name=current_member().name,
    )  # fmt: skip


@bp.get("/present")
@requires(Permission.INTERVIEW)
def present() -> tuple[str, int]:
    """Asked for now and then by the room's page: an interviewer who only listens is not signed out amid the call."""
    return "", 204


@bp.get("/<room_code>")
@requires(Permission.INTERVIEW)
def room(room_code: str) -> BaseResponse:
    """The room, with guide and notes at its side."""
    me, found, notebook, door = current_member(), _room(room_code), service(Notebook), service(JoinService)
    visitor = door.visitor_of_team(found, me.id, me.name)
    return page(
        "rooms/desk.html", room=found, role=visitor.role, me=visitor, choices=choices(),
        documents=notebook.documents(found), ticks=notebook.ticks(found), note=notebook.note(found, me.id),
        stop_seen=url_for("interviews.stop_seen", room_code=room_code), longest_note=LONGEST_NOTE,
        join=url_for("interviews.join", room_code=room_code),
        present=url_for("interviews.present"), ending=_after(room_code), guest_form=GuestForm(),
        recording_allowed=door.recording_allowed(found), can_be_kept=door.can_be_kept(),
        ice_servers=door.ice_servers(visitor.person), check=url_for("interviews.check"), to_html=to_html,
    )  # fmt: skip


@bp.post("/<room_code>/join")
@requires(Permission.INTERVIEW)
@limiter.limit("60 per minute")
def join(room_code: str) -> tuple[Response, int]:
    """The member's browser's offer."""
    me, found = current_member(), _room(room_code)
    return answer_join(found, service(JoinService).visitor_of_team(found, me.id, me.name))


@bp.get("/<room_code>/closed/<how>")
@requires(Permission.INTERVIEW)
def closed(room_code: str, how: str) -> str:
    """Why the call is over, and what comes next."""
    if how not in _after(room_code):
        abort(404)
    return render_template("rooms/closed.html", room=_room(room_code), how=how, now=service(RoomService).now())


@bp.post("/<room_code>/notes")
@requires(Permission.INTERVIEW)
def notes(room_code: str) -> tuple[Response, int]:
    """Keep the private notes as they are typed."""
    body = request.get_json(silent=True)
    text, revision = (body.get("text"), body.get("revision")) if isinstance(body, dict) else (None, None)
    if not isinstance(text, str) or not isinstance(revision, int) or len(text) > LONGEST_NOTE:
        return jsonify(error="bad_request"), 400
    try:
        kept = service(Notebook).keep(_room(room_code), current_member().id, text, revision)
    except NoteOverwritten as error:
        return jsonify(error="overwritten", text=error.text, revision=error.revision), 409
    return jsonify(revision=kept), 200


@bp.post("/<room_code>/topics/<topic>")
@requires(Permission.INTERVIEW)
def tick(room_code: str, topic: str) -> tuple[Response, int]:
    """Tick a topic off or take the tick back."""
    body = request.get_json(silent=True)
    done, at = (body.get("done"), body.get("recording_ms")) if isinstance(body, dict) else (None, None)
    if not isinstance(done, bool) or not (at is None or _is_time(at)):
        return jsonify(error="bad_request"), 400
    try:
        service(Notebook).tick(_room(room_code), current_member().id, topic, done=done, recording_ms=at)
    except TopicUnknown:
        return jsonify(error="unknown"), 404
    return jsonify({}), 200


@bp.post("/<room_code>/stop-seen")
@requires(Permission.INTERVIEW)
def stop_seen(room_code: str) -> tuple[Response, int]:
    """The member's page has shown that somebody asked to stop."""
    body = request.get_json(silent=True)
    name = body.get("wish") if isinstance(body, dict) else None
    if not isinstance(name, str):
        return jsonify(error="bad_request"), 400
    service(Stops).seen(_room(room_code), name, staff_id=current_member().id)
    return jsonify({}), 200


@bp.post("/<room_code>/guests")
@requires(Permission.INTERVIEW)
def guests(room_code: str) -> BaseResponse | str:
    """A link for an interpreter or a supporter, shown once."""
    found, form = _room(room_code), GuestForm()
    if not form.validate_on_submit():
        flash(_("Choose who is coming."))
        return redirect(url_for("interviews.room", room_code=room_code))
    role = GuestRole(form.role.data)
    token = service(GuestList).invite(found, role, staff_id=current_member().id)
    link = url_for("rooms.guest", token=token, _external=True)
    return render_template("rooms/guest_invited.html", room=found, role=role, link=link)


@bp.route("/<room_code>/outcome", methods=["GET", "POST"])
@requires(Permission.INTERVIEW)
def outcome(room_code: str) -> BaseResponse | str:
    """Say how the interview ended."""
    found, form = _room(room_code), OutcomeForm()
    stops = service(Stops).of([found.id]).get(found.id, [])
    if form.validate_on_submit() and form.shows(len(stops)):
        service(RoomService).mark(
            found, Outcome(form.outcome.data), (form.reason.data or "").strip(), staff_id=current_member().id
        )
        service(Closing).marked(found)
        flash(_("Kept. Thank you."))
        return redirect(url_for("interviews.listing"))
    form.stops.data = str(len(stops))
    happened = history(
        service(RoomCatalogue).events(found.id), service(RoomService).marks(found), service(TeamService).names()
    )
    return render_template(
        "rooms/outcome.html", room=found, form=form, history=happened, stops=stops,
        note=service(Notebook).note(found, current_member().id),
    )  # fmt: skip


def _after(room_code: str) -> dict[str, str]:
    """Where the member's page goes when the call is over, by the reason that it was told."""
    why = {how.value: url_for("interviews.closed", room_code=room_code, how=how.value) for how in Ending}
    return why | {how.value: url_for("interviews.outcome", room_code=room_code) for how in _TO_OUTCOME}


def _room(code: str) -> Room:
    try:
        return service(RoomService).room(code)
    except RoomUnknown:
        abort(404)


def _is_time(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LONGEST_RECORDING_MS
