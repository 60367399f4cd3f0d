"""What the team is told of by e-mail because it waits in the workspace."""

from collections.abc import Iterable

from portal.db.engine import Database
from portal.erasure.retention import RetentionService
from portal.recordings.keys.service import KeyService
from portal.team.notices import TeamNotices
from portal.web.scopes import Permission
from portal.wiring.lookup import Lookup
from portal.workspace.reminding import Pending, Reminding


def build_reminding(get: Lookup, retention: RetentionService) -> Reminding:
    """The duty, told where to look."""
    keys = get(KeyService)

    def unconfirmed() -> Iterable[Pending]:
        for one in keys.all():
            if one.confirmed_at is None and one.retired_at is None:
                yield Pending("team_key_due", f"team-key:{one.id}", Permission.RECIPIENTS_CONFIRM)

    def deletions() -> Iterable[Pending]:
        for one in retention.requests(None):
            site = retention.request_of(one.id).site
            yield Pending("team_retention_due", f"erasure-request:{one.id}", Permission.ERASE, site)

    return Reminding(get(Database), get(TeamNotices), (unconfirmed, deletions))
