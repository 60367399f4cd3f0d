"""The invented cast of a demonstration, and the page that shows it. Exists only in a demonstration."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pyotp
from flask import Blueprint, render_template

from portal.settings import Settings
from portal.web.permissions import Permission, requires
from portal.web.services import service

bp = Blueprint("demo", __name__)
FILE = "demonstration.json"


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
    )


@bp.get("/demo")
@requires(Permission.PUBLIC)
def cast() -> str:
    """Links and codes of the cast."""
    found = read(service(Settings).instance) or Cast((), ())
    staff = [{**asdict(one), "code": pyotp.TOTP(one.totp_secret).now()} for one in found.staff]
    return render_template("workspace/demo.html", participants=found.participants, staff=staff)
