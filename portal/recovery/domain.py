"""A member who lost her phone or forgot her password: two colleagues let her set up sign-in anew."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LASTS = timedelta(days=1)
"""How long a request waits for the second person, and how long the link works after that."""


@dataclass(frozen=True)
class Request:
    """A request that waits for the second person."""

    id: int
    staff_id: int
    asked_by: int
    asked_at: datetime
    expires_at: datetime
