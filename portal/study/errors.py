"""What can be wrong with a study's files, or with publishing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["group", "site"]


@dataclass(frozen=True)
class Problem:
    """Something to mend in a study's files: where, and what to do."""

    file: str
    line: int
    what: str
    severity: str = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity}: {self.what}"


class StudyFileError(Exception):
    """The files cannot be used. `problems` lists everything that was found, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class UnknownVersion(Exception):
    """No published version has this hash."""


class PublishedBefore(Exception):
    """The same content was published before and another version since: what was superseded does not come back."""


@dataclass(frozen=True)
class LeftOut:
    """A group or a site with people in it that a version no longer has."""

    kind: Kind
    key: str
    name: str
    people: int

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.key}): {self.people}"


class PeopleLeftOut(Exception):
    """A version would leave people without a group or a site. `left` lists every such group and site."""

    def __init__(self, left: Sequence[LeftOut]) -> None:
        super().__init__(
            "this version leaves out groups or sites with people in them, and their pages and data would break: "
            f"{'; '.join(str(one) for one in left)}. Put them back into the study's files. To end recruitment there, "
            "stop inviting people instead."
        )
        self.left = tuple(left)
