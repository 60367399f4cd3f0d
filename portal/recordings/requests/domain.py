"""What one person asks and another decides: opening a recording for today's keys, or destroying it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.recordings.requests.errors import RequestUnknown, SamePerson


class What(StrEnum):
    """What is asked."""

    REWRAP = "rewrap"
    ERASE = "erase"


class Why(StrEnum):
    """Why a recording is to be destroyed. No free text: it would end up in the audit trail."""

    WITHDRAWAL = "withdrawal"
    RETENTION = "retention"
    MISTAKE = "mistake"


@dataclass(frozen=True)
class Request:
    """A request.

    Attributes:
        why: for an erasure.
        recipients: fingerprints of the keys that are to open the recording, for a rewrap.
        agreed: None while nobody has decided.
    """

    id: int
    recording: str
    what: What
    why: Why | None
    recipients: frozenset[str]
    asked_by: int
    asked_at: datetime
    decided_by: int | None
    decided_at: datetime | None
    agreed: bool | None

    def check_decider(self, staff_id: int) -> None:
        """Raises RequestUnknown if it is decided, SamePerson if she asked herself."""
        if self.agreed is not None:
            raise RequestUnknown("this request is decided")
        if self.asked_by == staff_id:
            raise SamePerson("somebody else has to decide")
