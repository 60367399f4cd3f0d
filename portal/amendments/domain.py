"""A new version of the study: put forward, compared with the present one, approved by two people, published."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.team.domain import Role

APPROVALS = 2


class Status(StrEnum):
    """How an amendment stands."""

    OPEN = "open"
    APPROVED = "approved"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"
    """Another version was published since, so what was compared and approved is not what would change."""


@dataclass(frozen=True)
class Approval:
    """Somebody's approval."""

    staff_id: int
    role: Role
    at: datetime


@dataclass(frozen=True)
class Amendment:
    """A version that was put forward."""

    id: int
    content_hash: str
    base_hash: str
    """The version that it was compared with."""
    reason: str
    drafted_by: str
    drafted_at: datetime
    approvals: tuple[Approval, ...]
    published_at: datetime | None
    withdrawn_at: datetime | None

    @property
    def agreed(self) -> bool:
        """Whether two people have approved it, one of them a lead."""
        return len(self.approvals) >= APPROVALS and any(one.role is Role.LEAD for one in self.approvals)

    def status(self, current_hash: str) -> Status:
        """How it stands while the version of this hash is the published one."""
        if self.published_at:
            return Status.PUBLISHED
        if self.withdrawn_at:
            return Status.WITHDRAWN
        if self.base_hash != current_hash:
            return Status.OVERTAKEN
        return Status.APPROVED if self.agreed else Status.OPEN


@dataclass(frozen=True)
class Reach:
    """How many participants of a group a new consent form reaches."""

    group: str
    form_changes: bool
    must_reconsent: int
    """Those whose consent stands, and would be asked anew."""
    not_yet: int
    """Those who have not consented yet, and would see the new form at once."""


@dataclass(frozen=True)
class Progress:
    """Re-consent to the published version, in one group."""

    group: str
    current: int
    waiting: tuple[str, ...]
    """Study IDs of those whose consent is to an older form."""
