"""The research team: roles, and what each may do."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from portal.web.scopes import Permission

INVITATION_LASTS = timedelta(days=7)
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200


class Role(StrEnum):
    """What somebody does in the study."""

    LEAD = "lead"
    RESEARCHER = "researcher"
    AUDITOR = "auditor"
    IT = "it"


_KEYS = frozenset(
    {
        Permission.RECORDINGS_READ,
        Permission.RECORDINGS_PLAY,
        Permission.RECORDINGS_DOWNLOAD,
        Permission.RECORDINGS_REQUEST,
        Permission.RECORDINGS_DECIDE,
        Permission.OWN_KEY,
        Permission.RECIPIENTS_READ,
        Permission.RECIPIENTS_CONFIRM,
    }
)
_RESEARCHER = _KEYS | frozenset(
    {
        Permission.OWN_ACCOUNT,
        Permission.PARTICIPANTS_READ,
        Permission.IDENTITY_READ,
        Permission.INVITE,
        Permission.COUNTERSIGN,
        Permission.RECEIPTS_READ,
        Permission.DELEGATION_READ,
        Permission.AMENDMENTS_READ,
        Permission.AMENDMENTS_DRAFT,
        Permission.AMENDMENTS_APPROVE,
        Permission.BOOKINGS_READ,
        Permission.BOOKINGS_MANAGE,
        Permission.OWN_HOURS,
        Permission.RECRUITMENT,
        Permission.NOTES_READ,
        Permission.NOTES_WRITE,
        Permission.ERASURE_ASK,
        Permission.ENQUIRIES,
        Permission.UNDELIVERED,
        Permission.INTERVIEW,
    }
)
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.LEAD: _RESEARCHER
    | {
        Permission.RECIPIENTS_MANAGE,
        Permission.TEAM_MANAGE,
        Permission.AUDIT_READ,
        Permission.DELEGATION_SIGN,
        Permission.OPERATIONS_READ,
        Permission.RESULTS_SEND,
        Permission.EXPORT,
        Permission.SITE_FILE,
        Permission.ERASE,
    },
    Role.RESEARCHER: _RESEARCHER,
    Role.AUDITOR: frozenset(
        {
            Permission.RECIPIENTS_READ,
            Permission.OWN_ACCOUNT,
            Permission.PARTICIPANTS_READ,
            Permission.RECEIPTS_READ,
            Permission.AUDIT_READ,
            Permission.DELEGATION_READ,
            Permission.AMENDMENTS_READ,
            Permission.SITE_FILE,
        }
    ),
    Role.IT: frozenset({Permission.OWN_ACCOUNT, Permission.TEAM_MANAGE, Permission.OPERATIONS_READ}),
}
"""An auditor reads but changes nothing; IT manages accounts and sees no participant."""


@dataclass(frozen=True)
class Member:
    """Somebody of the team."""

    id: int
    name: str
    email: str
    role: Role
    closed: bool
    sites: frozenset[str] | None = None
    """The sites whose participants the member sees; None for all of them."""

    @property
    def permissions(self) -> frozenset[str]:
        """What the member may do now."""
        return frozenset() if self.closed else PERMISSIONS[self.role]


def may_give(giver: Role, role: Role) -> bool:
    """Whether somebody may give the role: access to participants is the lead's to give, so IT gives its own alone."""
    return giver is Role.LEAD or role is giver is Role.IT
