"""Passkeys: a phone or a computer that vouches for its owner, instead of a code or a password."""

from dataclasses import dataclass
from datetime import datetime, timedelta

CHALLENGE_LASTS = timedelta(minutes=15)
MOST = 10
"""Passkeys that one person may have."""


@dataclass(frozen=True)
class Passkey:
    """A passkey as its owner sees it."""

    id: int
    added_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class Question:
    """What the browser is asked to sign."""

    options: str
    """The options of navigator.credentials, as JSON."""
    challenge: bytes
