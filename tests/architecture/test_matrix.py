"""Every route, asked by every role: the answers are those of docs/permissions.md."""

import re

import pytest

from portal.team.domain import Role
from portal.web.permissions import permission_of, requires
from tests.architecture import matrix

KNOWN = {"study_id": "C-0001"}


def stubbed(app):
    """The application with every view replaced by one that only says that it was reached."""
    app.config["WTF_CSRF_ENABLED"] = False
    for endpoint, view in list(app.view_functions.items()):

        def reached(**_):
            return "", 204

        app.view_functions[endpoint] = requires(permission_of(view))(reached)
    return app


def address(rule):
    """An address of the route, with a made-up value for each of its parts."""
    filled = re.sub(r"<int:[^>]+>", "999999", rule.rule)
    return re.sub(r"<(?:[a-z]+:)?([^>]+)>", lambda found: KNOWN.get(found[1], "made-up"), filled)


@pytest.fixture
def visitors(world):
    participant, _ = world.participant_client()
    return {
        "participant": participant.raw,
        **{role.value: world.staff_client(role).raw for role in Role},
        "nobody": world.client().raw,
    }


def test_the_document_is_as_the_code(world):
    written = matrix.DOCUMENT.read_text(encoding="utf-8")
    assert written == matrix.document(world.app), "run `make routes` and read what changed"


def test_every_route_answers_every_role_as_documented(world, visitors):
    app = stubbed(world.app)
    wrong = []
    for rule in app.url_map.iter_rules():
        permission = permission_of(app.view_functions[rule.endpoint])
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            for role, client in visitors.items():
                answer = client.open(address(rule), method=method)
                expected = 204 if matrix.may(role, permission) else (302 if role == "nobody" else 403)
                if answer.status_code != expected:
                    wrong.append(f"{role} {method} {rule.rule}: {answer.status_code}, not {expected}")
    assert wrong == []
