"""What can be wrong with a study's files."""

from dataclasses import dataclass


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
