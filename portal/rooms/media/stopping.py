"""Somebody's wish to stop: she may say it over her connection, or through the web process where that is lost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.rooms.media.journal import Value


@dataclass
class Wish:
    """What she said. It is carried out once, however often it arrives."""

    person: str
    role: str
    name: str | None
    """Its own, given by her page; None from a page that gives none."""
    at: float
    """When she said it: seconds since 1970."""
    kept: bool = False
    """The web process has it on record, and wants to know when the team has seen it."""

    def told(self) -> dict[str, object]:
        """As a page of who runs the room is told."""
        return {
            "person": self.person, "role": self.role, "wish": self.name, "at": round(self.at, 3), "kept": self.kept
        }  # fmt: skip


def moment(line: Mapping[str, Value]) -> float | None:
    """When a line of a journal was written: seconds since 1970; None where it does not tell."""
    try:
        return datetime.fromisoformat(str(line.get("at"))).timestamp()
    except ValueError:
        return None


def of_line(line: Mapping[str, Value]) -> Wish | None:
    """The wish that a line of a journal tells of; None where it has another shape."""
    person, role, name, ago = (line.get(key) for key in ("person", "role", "wish", "ago"))
    at = moment(line)
    if not isinstance(person, str) or at is None:
        return None
    since = float(ago) if isinstance(ago, int | float) else 0.0
    return Wish(
        person, role if isinstance(role, str) else "", name if isinstance(name, str) else None, at - since,
        kept=line.get("kept") is True,
    )  # fmt: skip
