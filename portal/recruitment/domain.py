"""Not taking part: said by herself, or recorded by the team at screening. A later consent outweighs both."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What happened."""

    DECLINED = "declined"
    """She said no, with a reason or without one."""
    EXCLUDED = "excluded"
    """The team recorded why she is not in the study."""
    READMITTED = "readmitted"
    """The team took an exclusion back."""


@dataclass(frozen=True)
class NotTakingPart:
    """The newest of these facts about somebody."""

    kind: Kind
    reason: str
    """Key of the study's reason, or "" if none was given."""
    at: datetime

    @property
    def stands(self) -> bool:
        """False once it was taken back."""
        return self.kind is not Kind.READMITTED
