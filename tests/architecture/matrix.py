"""docs/permissions.md: what each role may do, and what each route needs. `make routes` writes it, tests hold it."""

from flask import Flask

from portal.delegation.domain import NEEDED
from portal.settings import ROOT
from portal.team.domain import PERMISSIONS, Role
from portal.web.permissions import Permission, permission_of

DOCUMENT = ROOT / "docs" / "permissions.md"
_HEAD = """# Roles and permissions

Written by `make routes` from the code; tests hold every route and every role against it.

- Default deny: a view that declares no permission is refused to everybody.
- Role, sites, delegation and a closed account are looked up at every request, so a change applies at the next click.
- A member sees the participants of her sites only, unless the study sets `sites_apart: false`. Whatever belongs to a
  participant of another site is answered as if it did not exist. The audit trail tells of every site, so it is for
  members who see them all.
- A delegated task (consent, interview, recordings) needs an entry of the delegation log that holds today, signed by a
  lead. A lead holds every task by her office.
- Acts on keys, recordings, exports, accounts and delegation ask again for password and code when the last proof is more
  than 10 minutes old.
- A participant has `participant:journey:use`, for her own data alone.

## What each role may do

"""


def document(app: Flask) -> str:
    """The whole document."""
    lines = ["| Permission | " + " | ".join(Role) + " | delegated task |", "|---|" + "---|" * (len(Role) + 1)]
    for permission in Permission:
        if permission in (Permission.PUBLIC, Permission.OWN_JOURNEY):
            continue
        may = ["yes" if permission in PERMISSIONS[role] else "no" for role in Role]
        lines.append(f"| `{permission}` | " + " | ".join(may) + f" | {NEEDED.get(permission, '')} |")
    return _HEAD + "\n".join(lines) + "\n\n## What each route needs\n\n" + "\n".join(_routes(app)) + "\n"


def _routes(app: Flask) -> list[str]:
    lines = []
    for rule in app.url_map.iter_rules():
        permission = permission_of(app.view_functions[rule.endpoint])
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        lines += [f"| {method} `{rule.rule}` | `{permission}` |" for method in methods]
    return ["| Route | Permission |", "|---|---|", *sorted(lines)]


def may(role: str, permission: str) -> bool:
    """What the document says: whether the role has the permission."""
    if permission == Permission.PUBLIC or role == "participant":
        return permission in (Permission.PUBLIC, Permission.OWN_JOURNEY)
    if role not in [str(one) for one in Role]:
        return False
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == f"`{permission}`":
            return cells[1 + list(Role).index(Role(role))] == "yes"
    return False
