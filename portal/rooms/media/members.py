"""Who is in a room, and what the others are told of her."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from portal.rooms.media.commands import Rate
from portal.rooms.media.peer import Peer
from portal.rooms.media.sdp import SLOTS
from portal.rooms.tickets import Role, Ticket


class Quality(StrEnum):
    """How a connection looks to who has it."""

    GOOD = "good"
    POOR = "poor"
    BAD = "bad"


MOST_DONE = 32
"""Commands that are remembered of each person, so that one that is said again is not carried out again."""


@dataclass
class Member:
    """A person in a room. She stays one over reconnections; the newest ticket counts."""

    ticket: Ticket
    admitted: bool
    peer: Peer | None = None
    microphone: bool = False
    camera: bool = False
    sharing: bool = False
    video_held: bool = False
    quality: Quality = Quality.GOOD
    lost_at: float | None = None
    """When her connection was lost (seconds of the process's clock), until she returns."""
    since: float | None = None
    """When her newest connection was made: seconds since 1970."""
    told: int = 0
    """The newest notice about the recording that her page has confirmed to show."""
    slots: dict[str, int] = field(default_factory=dict)
    """Who is in which of her slots."""
    done: deque[str | int] = field(default_factory=lambda: deque(maxlen=MOST_DONE))
    """The names of the commands that were last carried out for her."""
    rate: Rate = field(default_factory=Rate)

    @property
    def person(self) -> str:
        """Pseudonym."""
        return self.ticket.person

    @property
    def role(self) -> Role:
        """What she is in the room."""
        return self.ticket.role

    @property
    def connected(self) -> bool:
        """True while media and messages reach her."""
        return self.peer is not None and self.peer.state == "connected"

    @property
    def may_be_recorded(self) -> bool:
        """True where a live consent says yes, in a room that may be recorded."""
        return self.ticket.recording is not None and self.ticket.recording_consent is not None

    def slot_for(self, person: str) -> int | None:
        """Her slot for somebody, given at first sight and kept until that person has left; None where all are taken."""
        if person not in self.slots:
            free = set(range(SLOTS)) - set(self.slots.values())
            if not free:
                return None
            self.slots[person] = min(free)
        return self.slots[person]

    def seen_by(self, viewer: "Member", *, recorded: bool, withdrawn: bool) -> dict[str, object]:
        """What a viewer's page is told of her."""
        return {
            "person": self.person, "role": self.role.value, "name": self.ticket.name,
            "slot": None if viewer is self else viewer.slots.get(self.person), "connected": self.connected,
            "microphone": self.microphone, "camera": self.camera, "sharing": self.sharing,
            "video_held": self.video_held, "may_be_recorded": self.may_be_recorded and not withdrawn,
            "recorded": recorded, "quality": self.quality.value,
        }  # fmt: skip
