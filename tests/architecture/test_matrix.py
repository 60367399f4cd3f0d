"""Every route, asked by every role: the answers are those of docs/permissions.md."""

import re

import pytest

from portal.delegation.domain import NEEDED, Task
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


def test_what_is_delegated_by_name_is_shut_without_an_entry(world):
    client = world.staff_client(delegated=False).raw
    app = stubbed(world.app)
    asked = {}
    for rule in app.url_map.iter_rules():
        task = NEEDED.get(permission_of(app.view_functions[rule.endpoint]))
        if task is not None:
            method = sorted(rule.methods - {"HEAD", "OPTIONS"})[0]
            asked.setdefault(task, set()).add(client.open(address(rule), method=method).status_code)
    assert asked == {task: {403} for task in Task}


NO_PARTICIPANT_S = {
    "absence_id": "an interviewer's own hours",
    "amendment_id": "documents of the whole study",
    "approve": "a word of the address",
    "delegation_id": "the delegation log",
    "key_id": "the team's keys",
    "how": "why a room is closed, which is one of a few words",
    "milestone_id": "dates of the whole study",
    "name": "a file of a recording, which is looked up",
    "passkey_id": "one's own passkeys",
    "request_id": "a colleague who lost her second factor",
    "staff_id": "the team's accounts",
    "topic": "a topic of an interview, which is looked up",
    "wrap_id": "the team's keys",
}
"""Parts of the team's addresses that name nothing of a participant's, so that no site can be looked up."""


def test_whatever_names_something_of_a_participant_s_is_looked_up_by_its_site(world):
    app, unknown = world.app, set()
    for rule in app.url_map.iter_rules():
        if str(permission_of(app.view_functions[rule.endpoint])).startswith("team:"):
            unknown |= rule.arguments - set(world.services.sites) - set(NO_PARTICIPANT_S)
    assert unknown == set(), "tell `sites` in portal/wiring of them, or say here why they are no participant's"


def test_another_site_s_participant_is_reached_by_no_route(world):
    world.invite("carer", "trust-a")
    client = world.staff_client(sites=["trust-b"]).raw
    app = stubbed(world.app)
    found = {}
    for rule in app.url_map.iter_rules():
        permission = permission_of(app.view_functions[rule.endpoint])
        if "study_id" in rule.arguments and matrix.may("researcher", permission):
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                found[f"{method} {rule.rule}"] = client.open(address(rule), method=method).status_code
    assert found
    assert set(found.values()) == {404}, found
