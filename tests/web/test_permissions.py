import pytest

from portal.people.service import PeopleService
from portal.web.permissions import Permission, permission_of


def test_every_route_declares_a_permission(world):
    bare = [
        rule.rule
        for rule in world.app.url_map.iter_rules()
        if permission_of(world.app.view_functions[rule.endpoint]) is None
    ]
    assert bare == []


def test_a_view_without_one_is_refused(world):
    app = world.app
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert world.client().get("/forgotten").status == 403


def test_nobody_gets_into_a_participant_s_or_the_team_s_pages(world):
    for rule in world.app.url_map.iter_rules():
        needed = permission_of(world.app.view_functions[rule.endpoint])
        if needed is Permission.PUBLIC or "GET" not in rule.methods or rule.arguments:
            continue
        page = world.client().get(rule.rule)
        assert page.address in ("/sign-in", "/team/sign-in"), rule.rule


def test_a_participant_gets_into_no_page_of_the_team(world):
    client, _ = world.participant_client()
    for address in ("/workspace/participants", "/workspace/invite", "/workspace/audit", "/team/members"):
        assert client.get(address).status == 403


def test_a_form_without_its_token_is_refused(world):
    client, invited = world.participant_client()
    client.raw.post("/your-email", data={"email": "a@example.org"})
    assert world.get(PeopleService).email_of(invited.participant.id) is None
    answer = world.staff_client().raw.post("/workspace/invite", data={"group": "carer", "site": "trust-a"})
    assert answer.status_code == 400
    assert "Please try again" in answer.get_data(as_text=True)
    assert len(world.get(PeopleService).all()) == 1


def test_exit_ends_the_session_and_clears_the_browser(world):
    client, _ = world.participant_client()
    answer = client.raw.get("/exit")
    assert '"storage"' in answer.headers["Clear-Site-Data"]
    assert answer.headers["Refresh"].startswith("0; url=https://")
    assert client.get("/home").address == "/sign-in"


@pytest.mark.parametrize("address", ["/invitation/%ff%fe", "/workspace/participants/%00", "/receipts/..%2f..%2f.pdf"])
def test_odd_addresses_get_an_ordinary_page(world, address):
    assert world.client().get(address).status in (200, 404)


def test_a_session_ends_with_time(world):
    client, _ = world.participant_client()
    world.clock.forward(hours=5)
    assert client.get("/home").address == "/sign-in"
