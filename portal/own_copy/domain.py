"""A participant's own copy of everything that the study holds about her (UK GDPR, Article 15)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from portal.people.domain import Participant


@dataclass(frozen=True)
class Part:
    """A chapter of the copy: lines of a label and a value, in words that she can read."""

    title: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class File:
    """A file that goes into the copy as it is."""

    name: str
    content: bytes


PartSource = Callable[[Participant], Iterable[Part]]
"""A feature's chapters about somebody."""
FileSource = Callable[[Participant], Iterable[File]]
"""A feature's files about somebody."""
