"""A member makes and looks after her key; the team sees and confirms who can open recordings."""

from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.audit.domain import Actor
from portal.recordings.keys.domain import KeyKind, NewWrap, Standing, TeamKey, Wrap, WrapKind
from portal.recordings.keys.errors import (
    KeyKnown,
    KeyRefused,
    KeyUnknown,
    LastWayIn,
    NotReadyToRecord,
    SamePerson,
)
from portal.recordings.keys.forms import RecoveryForm
from portal.recordings.keys.service import KeyService
from portal.team.present import current_member
from portal.team.service import TeamService
from portal.web.forms import EmptyForm
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.recent import recently_proved
from portal.web.services import service

bp = Blueprint("keys", __name__, url_prefix="/workspace/keys")
Answer = Response | str
Refusal = tuple[Response, int]


@bp.get("")
@requires(Permission.OWN_KEY)
def mine() -> str:
    """Her keys, and the ways to open each."""
    me = current_principal().id
    keys, wraps = service(KeyService).keys_of(me), service(KeyService).wraps(me)
    ways = {key.id: [wrap for wrap in wraps if wrap.key_id == key.id] for key in keys}
    return render_template("recordings/keys/mine.html", keys=keys, ways=ways, form=EmptyForm())


@bp.get("/new")
@requires(Permission.OWN_KEY)
@recently_proved
def new() -> str:
    """Make a key in the browser."""
    return render_template(
        "recordings/keys/new.html",
        me=current_member(),
        kind=service(KeyService).kind(),
    )


@bp.post("/new")
@requires(Permission.OWN_KEY)
@recently_proved
def register() -> Response | Refusal:
    """Keep the public half and the wrapped copies that the page made and proved."""
    sent = _sent()
    try:
        wraps = [_wrap(one) for one in _list(sent, "wraps")]
        service(KeyService).register(_text(sent, "recipient"), wraps, staff_id=current_principal().id)
    except (KeyRefused, KeyKnown) as error:
        return jsonify(error=str(error)), 422
    flash(_("Your key is registered. Ask a colleague to confirm its words under “Recipients”."))
    return jsonify(next=url_for("keys.mine"))


@bp.get("/<int:key_id>/ways/new")
@requires(Permission.OWN_KEY)
@recently_proved
def new_way(key_id: int) -> str:
    """Unlock the key, and wrap it in one more way."""
    me = current_principal().id
    key = _own(key_id)
    wraps = [one for one in service(KeyService).hand_wraps(staff_id=me) if one.key_id == key_id]
    return render_template(
        "recordings/keys/new_way.html", key=key, ways=[shown(one) for one in wraps], me=service(TeamService).member(me)
    )


@bp.post("/<int:key_id>/ways/new")
@requires(Permission.OWN_KEY)
@recently_proved
def add_way(key_id: int) -> Response | Refusal:
    """Keep one more wrapped copy."""
    try:
        service(KeyService).add_wrap(key_id, _wrap(_sent().get("wrap")), staff_id=current_principal().id)
    except KeyRefused as error:
        return jsonify(error=str(error)), 422
    except KeyUnknown:
        abort(404)
    flash(_("Your key has one more way to open it."))
    return jsonify(next=url_for("keys.mine"))


@bp.post("/<int:key_id>/ways/<int:wrap_id>/remove")
@requires(Permission.OWN_KEY)
@recently_proved
def remove_way(key_id: int, wrap_id: int) -> Response:
    """Forget one wrapped copy."""
    try:
        service(KeyService).remove_wrap(key_id, wrap_id, staff_id=current_principal().id)
    except KeyUnknown:
        abort(404)
    except LastWayIn:
        flash(_("Nothing was removed: this is the last passphrase. Add another way first."))
    else:
        flash(_("This way no longer opens your key."))
    return redirect(url_for("keys.mine"))


@bp.post("/<int:key_id>/retire")
@requires(Permission.OWN_KEY)
@recently_proved
def retire_mine(key_id: int) -> Response:
    """Stop using her own key for new recordings."""
    _own(key_id)
    service(KeyService).retire(key_id, staff_id=current_principal().id)
    flash(_("New recordings leave this key out. It still opens the recordings that were made for it."))
    return redirect(url_for("keys.mine"))


@bp.get("/recipients")
@requires(Permission.RECIPIENTS_READ)
def recipients() -> Answer:
    """Who will be able to open the next recording."""
    return render_template("recordings/keys/recipients.html", **_recipients(), form=EmptyForm())


@bp.route("/recovery/new", methods=["GET", "POST"])
@requires(Permission.RECIPIENTS_MANAGE)
@recently_proved
def new_recovery() -> Answer:
    """Register the public half of the study's recovery key."""
    form = RecoveryForm()
    if form.validate_on_submit():
        me = current_principal().id
        try:
            service(KeyService).register_recovery(
                str(form.recipient.data), threshold=form.threshold.data or 0, shares=form.shares.data or 0,
                actor=Actor.staff(me), staff_id=me,
            )  # fmt: skip
        except KeyRefused as error:
            form.recipient.errors = [str(error)]
        except KeyKnown:
            form.recipient.errors = [_("This public key is registered already")]
        else:
            flash(_("Registered. A second person compares its words and confirms it here."))
            return redirect(url_for("keys.recipients"))
    return render_template("recordings/keys/new_recovery.html", form=form)


@bp.post("/recipients/<int:key_id>/confirm")
@requires(Permission.RECIPIENTS_CONFIRM)
@recently_proved
def confirm(key_id: int) -> Response:
    """The words were compared: new recordings are made for this key too."""
    try:
        service(KeyService).confirm(key_id, staff_id=current_principal().id)
    except KeyUnknown:
        abort(404)
    except SamePerson:
        flash(_("Nothing was changed: somebody else has to confirm this key, since it is yours or you registered it."))
    else:
        flash(_("Confirmed. Recordings from now on can be opened with this key."))
    return redirect(url_for("keys.recipients"))


@bp.post("/recipients/<int:key_id>/retire")
@requires(Permission.RECIPIENTS_MANAGE)
@recently_proved
def retire(key_id: int) -> Response:
    """Leave a key out of new recordings."""
    try:
        service(KeyService).retire(key_id, staff_id=current_principal().id)
    except KeyUnknown:
        abort(404)
    flash(_("New recordings leave this key out. Whoever holds it can still open what was recorded for it before."))
    return redirect(url_for("keys.recipients"))


def shown(wrap: Wrap) -> dict[str, str | int]:
    """A wrapped copy as the page's script takes it."""
    return {"id": wrap.id, "kind": wrap.kind.value, "name": wrap.name, "blob": wrap.blob, "passkey": wrap.passkey}


def _recipients() -> dict[str, Any]:
    keys = service(KeyService).all()
    members = {one.id: one for one in service(TeamService).members()}
    try:
        service(KeyService).recipients_now()
        problem = None
    except NotReadyToRecord as error:
        problem = error.said
    return {
        "problem": problem,
        "members": members,
        "me": current_principal().id,
        "used": [one for one in keys if one.standing is Standing.IN_USE and not _left(one, members)],
        "waiting": [one for one in keys if one.standing is Standing.WAITING and not _left(one, members)],
        "retired": [one for one in keys if one.standing is Standing.RETIRED or _left(one, members)],
        "has_recovery": any(one.kind is KeyKind.RECOVERY and one.standing is Standing.IN_USE for one in keys),
    }


def _left(key: TeamKey, members: dict[int, Any]) -> bool:
    return key.owner is not None and bool(members[key.owner].closed)


def _own(key_id: int) -> TeamKey:
    try:
        return service(KeyService).own_key(key_id, staff_id=current_principal().id)
    except KeyUnknown:
        abort(404)


def _sent() -> dict[str, Any]:
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        abort(400)
    return sent


def _list(sent: dict[str, Any], name: str) -> list[Any]:
    found = sent.get(name)
    if not isinstance(found, list):
        raise KeyRefused(f"{name} is missing")
    return found


def _text(sent: Any, name: str) -> str:
    found = sent.get(name, "") if isinstance(sent, dict) else None
    if not isinstance(found, str):
        raise KeyRefused(f"{name} is not text")
    return found


def _wrap(sent: Any) -> NewWrap:
    kind = _text(sent, "kind")
    if kind not in set(WrapKind):
        raise KeyRefused("a way in is by passphrase or by passkey")
    return NewWrap(WrapKind(kind), _text(sent, "name").strip(), _text(sent, "blob"), _text(sent, "passkey"))
