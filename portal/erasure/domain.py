"""Erasing: why, what, and what is left as proof. Facts stay; what they say of a person goes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from portal.canonical import canonical_json, sha256_hex
from portal.db.kinds import DataKind
from portal.people.domain import Participant
from portal.study.retention import Keep

REMOVED_AT_WITHDRAWAL = (DataKind.ANSWERS, DataKind.RECORDINGS)
"""What a level of withdrawal with `removes_data` takes out. Contact and consent records follow their own periods."""


class Cause(StrEnum):
    """Why something is erased."""

    WITHDRAWAL = "withdrawal"
    RETENTION = "retention"
    REQUEST = "request"
    RESTORED = "restored"
    """A backup from before brought back what had been erased."""


class Outcome(StrEnum):
    """What came of it."""

    ERASED = "erased"
    TOO_LATE = "too_late"
    """The study's day for taking answers out had passed; the participant was told of it beforehand."""


@dataclass(frozen=True)
class Remover:
    """A feature's own part in erasing a kind: what no key of the participant's seals, such as rows or files.

    `remove` may be repeated, and gives how much it removed.
    """

    what: str
    kind: DataKind
    remove: Callable[[Participant], int]


@dataclass(frozen=True)
class Erasure:
    """The proof of an erasure."""

    reference: str
    study_id: str
    kind: DataKind
    cause: Cause
    because: str
    """Reference of the withdrawal, number of the request, or name of the milestone."""
    outcome: Outcome
    removed: Mapping[str, int]
    """How much was emptied or removed, by table or feature."""
    keys: tuple[str, ...]
    """Fingerprints (SHA-256) of the keys that were destroyed."""
    at: datetime

    @property
    def sha256(self) -> str:
        """The hash that the audit trail keeps of this proof."""
        return sha256_hex(
            canonical_json(
                {
                    "reference": self.reference, "study_id": self.study_id, "kind": self.kind.value,
                    "cause": self.cause.value, "because": self.because, "outcome": self.outcome.value,
                    "removed": dict(self.removed), "keys": list(self.keys),
                    "at": self.at.isoformat(timespec="microseconds"),
                }
            )
        )  # fmt: skip


@dataclass(frozen=True)
class Request:
    """A wish to erase, that a second person decides."""

    id: int
    study_id: str
    kinds: tuple[DataKind, ...]
    why: str
    words: str
    requested_by: int
    requested_at: datetime
    decided_by: int | None
    approved: bool | None

    @property
    def reason(self) -> str:
        """How proofs name it."""
        return f"request:{self.id}"


@dataclass(frozen=True)
class Declared:
    """A milestone that somebody declared, and whether a second person confirmed it."""

    id: int
    milestone: str
    day: date
    declared_by: int
    confirmed_by: int | None


def removable_until(consented_at: datetime, interviewed_at: datetime | None, days: int) -> datetime:
    """Until when answers can be taken out: so many days after the interview or, before one, after the consent."""
    return (interviewed_at or consented_at) + timedelta(days=days)


def due_on(rule: Keep, day: date) -> date:
    """The first day on which the rule asks to erase, given its milestone's day."""
    return day + timedelta(days=rule.days)
