"""Where a participant's words to the team go: a conversation that another feature keeps."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.people.domain import Participant


@dataclass(frozen=True)
class TeamInbox:
    """What booking may ask of it."""

    put: Callable[[Participant, str], bool]
    """Leaves her words there, sealed; False if she has written as much today as one may."""
