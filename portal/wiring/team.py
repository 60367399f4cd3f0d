"""Builds what concerns accounts, and tells at each request who is asking and what she may do at this moment."""

from collections.abc import Mapping
from dataclasses import dataclass

from argon2 import PasswordHasher

from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.delegation.domain import allowed
from portal.delegation.service import DelegationService
from portal.devices.service import Devices
from portal.messages.failures import Failures
from portal.messages.service import Outbox
from portal.passkeys.service import PasskeyService
from portal.people.errors import ParticipantUnknown
from portal.people.service import PeopleService
from portal.recovery.service import RecoveryService
from portal.settings import Settings
from portal.study.service import StudyBook
from portal.team.account_notices import AccountNotices
from portal.team.errors import MemberUnknown
from portal.team.factors import Passwords
from portal.team.service import TeamService
from portal.web.permissions import SiteOf
from portal.web.principal import Principal
from portal.web.scopes import Permission
from portal.web.sessions import SessionStore

JOURNEY = frozenset({Permission.OWN_JOURNEY})


@dataclass(frozen=True)
class Team:
    """The services of accounts."""

    members: TeamService
    delegations: DelegationService
    passkeys: PasskeyService
    recovery: RecoveryService
    devices: Devices

    @property
    def registry(self) -> tuple[object, ...]:
        """For the application's registry."""
        return (self.members, self.delegations, self.passkeys, self.recovery, self.devices)


def build_team(
    settings: Settings,
    database: Database,
    clock: Clock,
    audit: AuditLog,
    hasher: PasswordHasher,
    sessions: SessionStore,
    outbox: Outbox,
) -> Team:
    """Build them."""
    passwords, notices = Passwords(hasher), AccountNotices(outbox)
    passkeys = PasskeyService(database, clock, audit, notices, public_url=settings.public_url)
    return Team(
        TeamService(database, clock, audit, passwords, sessions.end_all, notices),
        DelegationService(database, clock, audit),
        passkeys,
        RecoveryService(
            database,
            clock,
            audit,
            passwords,
            notices,
            forget_passkeys=passkeys.forget_all,
            end_sessions=sessions.end_all,
        ),
        Devices(database, audit, sessions),
    )


def principal(key: str, people: PeopleService, team: Team, studies: StudyBook) -> Principal | None:
    """Whom a session belongs to, with role, sites and delegations as they are now."""
    kind, _, number = key.partition(":")
    try:
        if kind == "participant":
            people.participant(int(number))
            return Principal(key, JOURNEY)
        member = team.members.member(int(number))
    except (ParticipantUnknown, MemberUnknown):
        return None
    if member.closed:
        return None
    may = allowed(member.permissions, team.delegations.tasks(member))
    if member.sites is None or not studies.current().study.sites_apart:
        return Principal(key, may)
    return Principal(key, may - {Permission.AUDIT_READ}, member.sites)  # the trail tells of every site


def sites(people: PeopleService, consents: ConsentService, failures: Failures) -> Mapping[str, SiteOf]:
    """By the name of an address's part: the site that what it names belongs to. The guard asks at every request."""

    def of_participant(study_id: str) -> str | None:
        try:
            return people.by_study_id(study_id).site
        except ParticipantUnknown:
            return None

    def of_receipt(reference: str) -> str | None:
        owner = consents.owner(reference)
        return people.participant(owner).site if owner is not None else None

    def of_message(number: str) -> str | None:
        kind, _, study_id = (failures.subject_of(int(number)) or "").partition(":")
        return of_participant(study_id) if kind == "participant" else None

    return {"study_id": of_participant, "reference": of_receipt, "message_id": of_message}
