"""Participants, who are study IDs to everyone but the few who may see an identity."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.messages.domain import CAREFUL_HOURS, Channel, SafeHours

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
class ContactChoices:
    """How she may be contacted. The defaults are careful: a neutral name, no calls, nothing at night."""

    channel: Channel | None = Channel.EMAIL
    """None: no messages but those that she has just asked for."""
    hours: SafeHours = CAREFUL_HOURS
    neutral_name: bool = True
    optional: bool = True
    """Whether reminders and other messages that one can do without are welcome."""
    may_ring: bool = False
    voicemail: bool = False
    """Whether a voice message may be left. Never without `may_ring`."""
    phone: str = ""
    """In international form, +447700900123; empty if she gave none."""


def international(number: str) -> str | None:
    """A telephone number as +447700900123, from any usual spelling; one that starts with 0 is British. None: none."""
    digits = re.sub(r"[\s().\u2010-\u2015-]", "", number)
    digits = re.sub(r"^00", "+", digits)
    digits = re.sub(r"^0", "+44", digits).replace("+440", "+44")
    return digits if re.fullmatch(r"\+[1-9][0-9]{7,14}", digits) else None


@dataclass(frozen=True)
class Invited:
    """A new invitation: the token is shown once and kept nowhere."""

    participant: Participant
    token: str
    expires_at: datetime
