"""What the event loop hands to a recording's writer, and what comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from portal.rooms.media.inbound import Packet
from portal.rooms.tickets import Role


@dataclass(frozen=True)
class Take:
    """Begin a part for this person at a moment of the process's clock."""

    person: str
    role: Role
    at: float


@dataclass(frozen=True)
class Renewed:
    """The person's streams come from a new connection."""

    person: str
    at: float


@dataclass(frozen=True)
class Media:
    """Packets of one of a person's streams: (packet, arrival)."""

    person: str
    kind: str
    packets: Sequence[tuple[Packet, float]]


@dataclass(frozen=True)
class Report:
    """A sender report of one of a person's streams."""

    person: str
    kind: str
    ntp: int
    stamp: int
    arrived: float


@dataclass(frozen=True)
class Release:
    """End the person's part at this moment."""

    person: str
    at: float


@dataclass(frozen=True)
class Tell:
    """A line for the manifest."""

    kind: str
    fields: Mapping[str, str | int | bool]


Event = Take | Renewed | Media | Report | Release | Tell


@dataclass
class Progress:
    """What a batch came to."""

    durable: dict[str, float] = field(default_factory=dict)
    """Seconds on the recording's clock up to which each person's part is durable."""
    keyframes: set[str] = field(default_factory=set)
    """Persons of whom a keyframe is wanted."""
    journal: list[tuple[str, dict[str, str | int | float]]] = field(default_factory=list)
    """Lines for the room's journal: (event, fields)."""
