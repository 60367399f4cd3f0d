"""The delegation log: which tasks the lead has given to whom, from when to when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from portal.web.scopes import Permission


class Task(StrEnum):
    """What a lead delegates by name."""

    CONSENT = "consent"
    INTERVIEW = "interview"
    RECORDINGS = "recordings"


NEEDED: dict[Permission, Task] = {
    Permission.COUNTERSIGN: Task.CONSENT,
    Permission.INTERVIEW: Task.INTERVIEW,
    Permission.RECORDINGS_PLAY: Task.RECORDINGS,
    Permission.RECORDINGS_DOWNLOAD: Task.RECORDINGS,
}
"""The permissions that a role alone does not give: the task must be delegated too."""


@dataclass(frozen=True)
class Delegation:
    """An entry of the log. Days are inclusive, in the study's own time zone."""

    id: int
    staff_id: int
    task: Task
    starts_on: date
    ends_on: date | None
    """The last day; None for as long as the study runs."""
    signed_by: str
    """The lead's key, such as "staff:3"."""
    signed_at: datetime
    ended_by: str | None = None
    ended_at: datetime | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the task is delegated on the day. An entry that was ended early holds no more."""
        return self.ended_at is None and self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


def allowed(permissions: frozenset[str], tasks: Iterable[Task]) -> frozenset[str]:
    """The role's permissions less those whose task is not delegated."""
    held = frozenset(tasks)
    return frozenset(one for one in permissions if NEEDED.get(Permission(one)) in held | {None})
