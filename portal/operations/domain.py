"""What an examination of a running portal finds: each part's state, and what to do about it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from portal.sentence import Sentence


class State(StrEnum):
    """How a part is."""

    OK = "ok"
    WARNING = "warning"
    FAILING = "failing"


@dataclass(frozen=True)
class Finding:
    """What was found of one part. Neither sentence holds a name, an address of a person or a secret."""

    part: str
    state: State
    what: Sentence
    remedy: Sentence | None = None
    """What to do; None where all is well."""


Check = Callable[[], Finding]
"""Looks at one part. It never raises for what it is meant to find."""


def ok(part: str, what: Sentence) -> Finding:
    """All is well."""
    return Finding(part, State.OK, what)


def warning(part: str, what: Sentence, remedy: Sentence) -> Finding:
    """It works, but not for long or not as it should."""
    return Finding(part, State.WARNING, what, remedy)


def failing(part: str, what: Sentence, remedy: Sentence) -> Finding:
    """It does not work."""
    return Finding(part, State.FAILING, what, remedy)


def worst(findings: Iterable[Finding]) -> State:
    """The state of the whole: that of its worst part."""
    order = list(State)
    return max((one.state for one in findings), key=order.index, default=State.OK)
