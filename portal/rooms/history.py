"""What happened in a room, for the team: what the media process wrote down, and what the team said of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.rooms.catalogue import RoomEvent
from portal.rooms.domain import Mark

BY_ITSELF = ("put_away", "cleared")
"""What nobody did."""


@dataclass(frozen=True)
class Happening:
    """A row of the table."""

    at: datetime
    what: str
    """The journal's event, or `marked_` and the outcome."""
    who: str
    """`p`, `s` or `g` as in a pseudonym, `itself` for the portal, or empty."""
    name: str = ""
    """Of the member who marked it."""


def history(events: Iterable[RoomEvent], marks: Iterable[Mark], names: Mapping[int, str]) -> list[Happening]:
    """Both in order of time. `names` gives members' names by their number."""
    told = [Happening(one.at, one.kind, "itself" if one.kind in BY_ITSELF else _who(one)) for one in events]
    told += [Happening(one.at, f"marked_{one.outcome.value}", "s", names.get(one.staff_id, "")) for one in marks]
    return sorted(told, key=lambda one: one.at)


def _who(event: RoomEvent) -> str:
    return str(event.detail.get("person") or event.detail.get("by") or "")[:1]
