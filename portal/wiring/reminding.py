"""What the team is told of by e-mail because it waits in the workspace."""

from collections.abc import Collection, Iterable

from portal.db.engine import Database
from portal.erasure.retention import RetentionService
from portal.recordings.keys.domain import Standing, TeamKey
from portal.recordings.keys.service import KeyService
from portal.team.notices import TeamNotices
from portal.web.scopes import Permission
from portal.wiring.lookup import Lookup
from portal.workspace.domain import ToDo, ToDoSource
from portal.workspace.reminding import Pending, Reminding


def keys_to_do(keys: KeyService) -> ToDoSource:
    """Keys for recordings that a colleague has to compare and confirm: until then nothing is recorded for them."""

    def items(permissions: frozenset[str], _sites: Collection[str] | None) -> Iterable[ToDo]:
        if Permission.RECIPIENTS_CONFIRM in permissions:
            yield ToDo("keys", len(_waiting(keys)), "keys.recipients")

    return items


def build_reminding(get: Lookup, retention: RetentionService) -> Reminding:
    """The duty, told where to look."""
    keys = get(KeyService)

    def unconfirmed() -> Iterable[Pending]:
        for one in _waiting(keys):
            yield Pending("team_key_due", f"team-key:{one.id}", Permission.RECIPIENTS_CONFIRM)

    def deletions() -> Iterable[Pending]:
        for one in retention.requests(None):
            site = retention.request_of(one.id).site
            yield Pending("team_retention_due", f"erasure-request:{one.id}", Permission.ERASE, site)

    return Reminding(get(Database), get(TeamNotices), (unconfirmed, deletions))


def _waiting(keys: KeyService) -> list[TeamKey]:
    return [one for one in keys.all() if one.standing is Standing.WAITING]
