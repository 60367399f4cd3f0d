"""What an audit event is, and how each one is tied to all before it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from portal.audit.chain import canonical_fields, digest

FieldValue = str | int | bool | None


class UndeclaredField(Exception):
    """An event was recorded with other fields than it declares."""


@dataclass(frozen=True)
class EventKind:
    """A kind of event with exactly these fields. None of them may hold a name, an address or free text of a person."""

    name: str
    fields: frozenset[str] = frozenset()

    def check(self, given: Mapping[str, FieldValue]) -> None:
        """Raises UndeclaredField unless the fields are exactly the declared ones."""
        if set(given) != self.fields:
            wrong = sorted(set(given) ^ self.fields)
            raise UndeclaredField(f"event {self.name}: fields {wrong} are missing or not declared")


@dataclass(frozen=True)
class Actor:
    """Who did it: "participant:VIG-0007", "staff:3" or "system:worker"."""

    key: str

    @classmethod
    def participant(cls, study_id: str) -> Self:
        """A participant, by study ID."""
        return cls(f"participant:{study_id}")

    @classmethod
    def staff(cls, staff_id: int) -> Self:
        """A member of the team, by number."""
        return cls(f"staff:{staff_id}")

    @property
    def staff_id(self) -> int | None:
        """The member's number, if it is one of the team."""
        kind, _, number = self.key.partition(":")
        return int(number) if kind == "staff" else None

    @classmethod
    def system(cls, name: str) -> Self:
        """The portal itself."""
        return cls(f"system:{name}")


@dataclass(frozen=True)
class Entry:
    """An event's place in the chain."""

    seq: int
    hash: str
    at: datetime


@dataclass(frozen=True)
class Event:
    """An event as the chain's hash covers it."""

    seq: int
    at: datetime
    kind: str
    actor: str
    subject: str
    fields: Mapping[str, FieldValue]

    def hash(self, previous: str) -> str:
        """SHA-256 (hex) over the previous event's hash and this event's canonical JSON."""
        at = self.at.isoformat(timespec="microseconds")
        return digest(previous, self.seq, at, self.kind, self.actor, self.subject, canonical_fields(self.fields))
