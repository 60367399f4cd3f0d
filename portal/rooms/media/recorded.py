"""What happens to a recording (events), what is to be written for it (orders), and what that came to."""

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
    """Packets of one of a person's streams, as they came."""

    person: str
    kind: str
    packets: Sequence[Packet]


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


@dataclass(frozen=True)
class Open:
    """The person's next part begins with what is ordered from here on."""

    person: str
    role: Role


@dataclass(frozen=True)
class Begin:
    """The part's file begins, at `start_ms` on the recording's clock. All bytes are WebM."""

    person: str
    start_ms: int
    header: bytes
    media: str
    codecs: str


@dataclass(frozen=True)
class Cluster:
    """A cluster; everything up to `end_ms` of the file has then been given."""

    person: str
    data: bytes
    end_ms: int


@dataclass(frozen=True)
class Index:
    """A cluster that can be played from comes next."""

    person: str
    ms: int


@dataclass(frozen=True)
class Close:
    """The part ends: it is so long, in ms."""

    person: str
    ms: int


Order = Open | Begin | Cluster | Index | Close | Tell


@dataclass
class Progress:
    """What a batch came to."""

    durable: dict[str, float] = field(default_factory=dict)
    """Seconds on the recording's clock up to which each person's part is durable."""
    keyframes: set[str] = field(default_factory=set)
    """Persons of whom a keyframe is wanted."""
    reports: set[str] = field(default_factory=set)
    """Persons of whom sender reports are wanted."""
    journal: list[tuple[str, dict[str, str | int | float]]] = field(default_factory=list)
    """Lines for the room's journal: (event, fields)."""
