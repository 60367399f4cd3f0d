"""A participant's own copy of everything that the study holds about her (UK GDPR, Article 15)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from portal.people.domain import Participant
from portal.sentence import Sentence

Words = Sentence | datetime | str
"""What the portal says, a moment, or what somebody or the study's documents wrote. A sentence may hold the others."""
Tell = Callable[[Words], str]
"""Gives it in the reader's language."""


@dataclass(frozen=True)
class Part:
    """A chapter of the copy: lines of a label and a value, in words that she can read."""

    title: Words
    lines: tuple[tuple[Words, Words], ...]


@dataclass(frozen=True)
class File:
    """A file that goes into the copy as it is."""

    name: str
    content: bytes


PartSource = Callable[[Participant], Iterable[Part]]
"""A feature's chapters about somebody."""
FileSource = Callable[[Participant], Iterable[File]]
"""A feature's files about somebody."""
