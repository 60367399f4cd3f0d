"""A participant and the team write to each other inside the portal, where no mail server reads along."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST = 4000
"""Characters of one message."""
A_DAY = 10
"""Messages that one participant may send within 24 hours."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Post:
    """One message of a conversation."""

    id: int
    from_team: bool
    text: str
    about: str
    """Key of the information sheet's section that she asked about; empty for none."""
    at: datetime
    seen: bool
    """Whether the other side has read it."""


@dataclass(frozen=True)
class Thread:
    """A conversation as the team's list shows it, without a word of it."""

    study_id: str
    waiting: int
    """Messages of hers that nobody has answered or set aside."""
    newest_at: datetime
    waits_since: datetime | None
