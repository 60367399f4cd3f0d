"""The team's recordings: a list, a player that opens them in the browser, and their encrypted files."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from flask import Blueprint, abort, jsonify, make_response, redirect, render_template, request, session, url_for
from flask_babel import format_datetime
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.audit.domain import Actor
from portal.people.service import PeopleService
from portal.recordings.domain import Recording
from portal.recordings.errors import RecordingDestroyed, RecordingUnknown, VaultError
from portal.recordings.keys.errors import NotReadyToRecord
from portal.recordings.keys.service import KeyService
from portal.recordings.keys.views import shown
from portal.recordings.manifest import FILE
from portal.recordings.playback.domain import Note
from portal.recordings.playback.errors import NoteRefused
from portal.recordings.playback.service import Notes
from portal.recordings.playback.serving import serve
from portal.recordings.service import RecordingService
from portal.team.domain import Member
from portal.team.present import current_actor
from portal.team.service import TeamService
from portal.web.headers import CONTENT_SECURITY_POLICY
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.recent import Proofs, recently_proved
from portal.web.services import service

log = structlog.get_logger(__name__)
bp = Blueprint("recordings", __name__, url_prefix="/workspace/recordings")
WITH_MEDIA = f"{CONTENT_SECURITY_POLICY}; media-src blob:; worker-src 'self'"
LOOK_LASTS = timedelta(hours=4)
"""How long one opening of the player may fetch: a long interview, listened to with pauses."""
KINDS = ("person", "one-file", "audio")
"""What the browser makes of a recording for download; the encrypted files come from here."""


@bp.get("")
@requires(Permission.RECORDINGS_READ)
def listing() -> str:
    """Every recording of the member's sites, the newest first."""
    recordings = service(RecordingService)
    mine = {one.recipient.fingerprint for one in service(KeyService).keys_of(current_principal().id)}
    rows = [(one, study_id) for one, study_id in _reachable(recordings)]
    return render_template("recordings/playback/listing.html", rows=rows, mine=mine)


@bp.get("/<recording>")
@requires(Permission.RECORDINGS_PLAY)
@recently_proved
def play(recording: str) -> Response:
    """Unlock and play, on record."""
    me, found = current_principal().id, _found(recording)
    try:
        service(RecordingService).note_played(found.id, actor=Actor.staff(me))
    except RecordingDestroyed:
        return redirect(url_for("requests.certificate", recording=found.id))
    _look(found.id)
    members = {one.id: one for one in service(TeamService).members()}
    answer = make_response(
        render_template(
            "recordings/playback/play.html",
            recording=found,
            study_id=service(RecordingService).study_id(found),
            me=members[me],
            ways=[shown(one) for one in service(KeyService).hand_wraps(staff_id=me)],
            notes=[_note(one, members) for one in service(Notes).of(found.id)],
            recipients=_note_recipients(),
            may_download=Permission.RECORDINGS_DOWNLOAD in current_principal().permissions,
        )
    )
    answer.headers["Content-Security-Policy"] = WITH_MEDIA
    return answer


@bp.get("/<recording>/manifest")
@requires(Permission.RECORDINGS_PLAY)
def manifest(recording: str) -> Response:
    """What happened in it, for the player."""
    if not _looking(recording):
        return _closed()
    answer = make_response(_manifest(recording))
    answer.headers["Content-Type"] = "application/jsonl; charset=utf-8"
    return answer


@bp.get("/<recording>/files/<name>")
@requires(Permission.RECORDINGS_PLAY)
def file(recording: str, name: str) -> Response:
    """A stretch of an encrypted file, for the player. The server cannot open it."""
    return _served(recording, name) if _looking(recording) else _closed()


@bp.get("/<recording>/encrypted/<name>")
@requires(Permission.RECORDINGS_DOWNLOAD)
def encrypted(recording: str, name: str) -> Response:
    """An encrypted file to keep. A broken download may be resumed."""
    if not _looking(recording):
        return _closed()
    if request.range is None:
        service(RecordingService).note_downloaded(_found(recording).id, name, actor=current_actor())
    if name == FILE:
        answer = make_response(_manifest(recording))
        answer.headers["Content-Type"] = "application/jsonl; charset=utf-8"
        answer.headers["Content-Disposition"] = f'attachment; filename="{FILE}"'
        return answer
    return _served(recording, name, save_as=name)


@bp.post("/<recording>/downloads")
@requires(Permission.RECORDINGS_DOWNLOAD)
@recently_proved
def note_download(recording: str) -> Response | tuple[Response, int]:
    """The browser is about to make a decrypted copy: on record before it begins."""
    found, sent = _found(recording), request.get_json(silent=True)
    what, track = (sent.get("what"), sent.get("file", "")) if isinstance(sent, dict) else (None, "")
    if what not in KINDS or track not in {"", *(one.file for one in found.tracks)}:
        return jsonify(error=_("there is no such download")), 422
    service(RecordingService).note_downloaded(found.id, f"{what}:{track}" if track else what, actor=current_actor())
    return jsonify(noted=True)


@bp.post("/<recording>/notes")
@requires(Permission.RECORDINGS_PLAY)
def add_note(recording: str) -> Response | tuple[Response, int]:
    """Keep a note that the browser sealed to the team's keys."""
    found, sent = _found(recording), request.get_json(silent=True)
    sealed = sent.get("sealed") if isinstance(sent, dict) else None
    if not isinstance(sealed, str):
        abort(400)
    try:
        note = service(Notes).add(found.id, sealed, staff_id=current_principal().id)
    except NoteRefused as error:
        return jsonify(error=str(error)), 422
    return jsonify(_note(note, {one.id: one for one in service(TeamService).members()}))


def _reachable(recordings: RecordingService) -> list[tuple[Recording, str | None]]:
    me = current_principal()
    sites = {one.study_id: one.site for one in service(PeopleService).all()} if me.sites is not None else {}
    rows = [(one, recordings.study_id(one)) for one in recordings.recordings()]
    return [(one, whose) for one, whose in rows if me.sites is None or me.sees(sites.get(whose or "", ""))]


def _found(recording: str) -> Recording:
    try:
        return service(RecordingService).recording(recording)
    except RecordingUnknown:
        abort(404)


def _manifest(recording: str) -> bytes:
    try:
        return service(RecordingService).manifest(recording)
    except RecordingUnknown:
        abort(404)


@bp.errorhandler(RecordingDestroyed)
def _destroyed(_error: RecordingDestroyed) -> tuple[str, int]:
    return render_template("errors/404.html"), 410


@bp.errorhandler(VaultError)
def _vault_away(error: VaultError) -> tuple[str, int]:
    log.error("vault unavailable", why=str(error))
    return render_template("errors/503.html"), 503


def _served(recording: str, name: str, save_as: str = "") -> Response:
    found = _found(recording)
    try:
        stored = service(RecordingService).stored(recording, name)
    except RecordingUnknown:
        abort(404)
    # The file's bytes change only when its header is written anew for other keys.
    state = f"{recording}/{name}/{stored.size}/{found.head}"
    return serve(stored, request, hashlib.sha256(state.encode()).hexdigest()[:32], save_as=save_as)


def _look(recording: str) -> None:
    session[f"look:{recording}"] = service(Proofs).now()


def _looking(recording: str) -> bool:
    """Whether the member opened this recording's player a while ago, in this session."""
    return bool(service(Proofs).now() - session.get(f"look:{recording}", 0) <= LOOK_LASTS.total_seconds())


def _closed() -> Response:
    answer = jsonify(confirm=url_for("team.confirm"))
    answer.status_code = 401
    return answer


def _note(note: Note, members: Mapping[int, Member]) -> dict[str, Any]:
    when = format_datetime(note.at, "d MMMM y, HH:mm")
    return {"sealed": note.sealed, "by": members[note.author].name, "at": when}


def _note_recipients() -> list[str]:
    """The keys that notes are sealed to; none while the team is not ready."""
    try:
        found = service(KeyService).recipients_now()
    except NotReadyToRecord:
        return []
    return [str(one) for one in (*found.members, found.recovery)]
