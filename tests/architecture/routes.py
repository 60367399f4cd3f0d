"""The list of routes with their permissions: `make routes` writes it, a test compares it."""

import tempfile
from pathlib import Path

from flask import Flask

from portal.app import create_app
from portal.db.engine import Database
from portal.settings import Settings
from portal.web.permissions import permission_of
from portal.wiring import build
from tests.architecture import matrix

PINNED = Path(__file__).with_name("routes.txt")


def listed(app: Flask) -> str:
    """One line a route: permission, methods, address."""
    lines = []
    for rule in app.url_map.iter_rules():
        permission = permission_of(app.view_functions[rule.endpoint])
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        lines.append(f"{permission.value if permission else 'NONE'} {methods} {rule.rule}")
    return "\n".join(sorted(lines)) + "\n"


def main() -> None:
    """Write the list anew."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(instance=Path(folder), demonstration=True)
        services = build(settings)
        app = create_app(settings, services)
        PINNED.write_text(listed(app), encoding="utf-8")
        matrix.DOCUMENT.write_text(matrix.document(app), encoding="utf-8")
        services.get(Database).dispose()


if __name__ == "__main__":
    main()
