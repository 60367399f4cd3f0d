"""The invented cast of a demonstration, and the page that shows it. Exists only in a demonstration."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self
from urllib.parse import urljoin, urlsplit

import pyotp
from flask import Blueprint, abort, make_response, render_template
from werkzeug.wrappers import Response

from portal.messages.filed import Filed, read_filed
from portal.settings import Settings
from portal.web.permissions import Permission, requires
from portal.web.services import service

bp = Blueprint("demo", __name__)
FILE = "demonstration.json"
KEY_PASSPHRASE = "this demonstration is invented"  # noqa: S105 - known to everybody, and says so
"""Opens the keys of the demonstration's lead and researcher, and so its one recording."""


@dataclass(frozen=True)
class CastParticipant:
    """An invented participant."""

    who: str
    study_id: str
    link: str
    email: str


@dataclass(frozen=True)
class CastMember:
    """An invented member of the team."""

    role: str
    email: str
    password: str
    totp_secret: str


@dataclass(frozen=True)
class Cast:
    """Everybody who was invented."""

    participants: tuple[CastParticipant, ...]
    staff: tuple[CastMember, ...]
    base_url: str = ""
    """The address the demonstration was last started at."""

    def at(self, base_url: str) -> Self:
        """The same people, their links leading to this address: a demonstration may start again on another port."""
        people = tuple(replace(one, link=urljoin(base_url, urlsplit(one.link).path)) for one in self.participants)
        return replace(self, participants=people, base_url=base_url)


def save(instance: Path, cast: Cast) -> None:
    """Keep the cast, whose secrets are worth nothing outside the demonstration."""
    path = instance / FILE
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(cast), indent=2), encoding="utf-8")


def read(instance: Path) -> Cast | None:
    """The cast, or None if there is none yet."""
    path = instance / FILE
    if not path.exists():
        return None
    data = json.loads(path.read_text(encoding="utf-8"))
    return Cast(
        tuple(CastParticipant(**one) for one in data["participants"]),
        tuple(CastMember(**one) for one in data["staff"]),
        data.get("base_url", ""),
    )


@bp.get("/demo")
@requires(Permission.PUBLIC)
def cast() -> str:
    """Links and codes of the cast."""
    found = read(service(Settings).instance) or Cast((), ())
    staff = [{**asdict(one), "code": pyotp.TOTP(one.totp_secret).now()} for one in found.staff]
    return render_template(
        "workspace/demo.html", participants=found.participants, staff=staff, passphrase=KEY_PASSPHRASE
    )


@bp.get("/demo/messages")
@requires(Permission.PUBLIC)
def messages() -> str:
    """What everybody was sent, by person: in a demonstration messages become files."""
    settings = service(Settings)
    found = read(settings.instance) or Cast((), ())
    names = {one.email: f"{one.who} ({one.study_id})" for one in found.participants if one.email}
    names |= {one.email: one.role for one in found.staff}
    boxes: dict[str, list[Filed]] = {}
    for one in read_filed(settings.instance / "outbox"):
        boxes.setdefault(names.get(one.to, one.to), []).append(one)
    return render_template("workspace/demo_messages.html", boxes=boxes)


@bp.get("/demo/messages/<name>")
@requires(Permission.PUBLIC)
def message_page(name: str) -> Response:
    """A message's HTML as a mail program would show it: its styles are within it, and nothing may run."""
    found = {one.name: one.html for one in read_filed(service(Settings).instance / "outbox")}
    if not found.get(name):
        abort(404)
    answer = make_response(found[name])
    answer.headers["Content-Security-Policy"] = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'"
    return answer
