"""What the team writes down: about a participant, about an interview, and about what is heard no more that is new."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LONGEST = 8000


class NoteKind(StrEnum):
    """What a note is about."""

    NOTE = "note"
    """A participant: an agreement, a call, a need."""
    MEMO = "memo"
    """An interview: what it said for the theory."""
    SATURATION = "saturation"
    """The theory: which category is full, and what to look for next. It belongs to nobody."""


@dataclass(frozen=True)
class Note:
    """A note as it was written. Notes are added, not changed."""

    id: int
    kind: NoteKind
    study_id: str
    """Whose it is about, or "" for the theory."""
    staff_id: int
    text: str
    at: datetime
