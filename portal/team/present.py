"""The member of the team who asks, for views behind a permission that only the team has."""

from portal.audit.domain import Actor
from portal.team.domain import Member
from portal.team.service import TeamService
from portal.web.principal import current_principal
from portal.web.services import service


def current_member() -> Member:
    """The account. Raises MemberUnknown."""
    return service(TeamService).member(current_principal().id)


def current_actor() -> Actor:
    """The account as the audit trail names it."""
    return Actor.staff(current_principal().id)
