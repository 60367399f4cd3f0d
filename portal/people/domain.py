"""Participants, who are study IDs to everyone but the few who may see an identity."""

from dataclasses import dataclass
from datetime import datetime, timedelta

INVITATION_LASTS = timedelta(days=28)
CODE_LASTS = timedelta(minutes=10)
CODE_TRIES = 5
CODES_AN_HOUR = 5


@dataclass(frozen=True)
class Participant:
    """Somebody invited."""

    id: int
    study_id: str
    group: str
    site: str
    language: str
    invited_at: datetime
    first_opened_at: datetime | None

    @property
    def subject(self) -> str:
        """How audit events name her."""
        return f"participant:{self.study_id}"


@dataclass(frozen=True)
class Invited:
    """A new invitation: the token is shown once and kept nowhere."""

    participant: Participant
    token: str
    expires_at: datetime
