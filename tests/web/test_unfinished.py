"""Nothing typed is lost when a session ends amid a form, and nobody else gets to see it."""

import pytest

from portal.enquiries.service import EnquiryService
from portal.messages.service import Outbox
from portal.people.service import PeopleService
from portal.web.sessions import SessionStore

TYPED = "Could my mother sit beside me?"


@pytest.fixture
def she(world):
    client, invited = world.participant_client()
    world.get(PeopleService).set_email(invited.participant.id, "she@example.org")
    return client, invited.participant


def come_back(world, client, email="she@example.org"):
    """By a code; gives the page that she lands on."""
    code_page = client.submit(client.get("/sign-in"), {"email": email})
    world.get(Outbox).send_due()
    return client.submit(code_page, {"code": world.codes()[-1]})


def asked(world, person):
    return [one.text for one in world.get(EnquiryService).mine(person)]


def test_what_she_typed_waits_behind_the_sign_in(world, she):
    client, person = she
    page = client.get("/messages")
    world.clock.forward(hours=5)
    away = client.submit(page, {"text": TYPED})
    assert away.address == "/sign-in"
    assert "What you wrote is kept for you" in away.text
    assert TYPED not in away.text
    back = come_back(world, client)
    assert back.address == "/messages"
    assert TYPED in back.text
    assert asked(world, person) == []
    assert "There is a problem" not in back.text
    client.submit(back, {})
    assert asked(world, person) == [TYPED]
    fresh = client.get("/messages")
    assert fresh.form_values(fresh.all("form")[-1])["text"] == ""


def test_after_a_night_too_and_the_sweep(world, she):
    client, _ = she
    page = client.get("/messages")
    world.clock.forward(hours=20)
    assert world.get(SessionStore).sweep() == 0
    client.submit(page, {"text": TYPED})
    assert TYPED in come_back(world, client).text


def test_nobody_else_sees_it(world, she):
    client, _ = she
    other = world.participant()
    world.get(PeopleService).set_email(other.id, "other@example.org")
    page = client.get("/messages")
    world.clock.forward(hours=5)
    client.submit(page, {"text": TYPED})
    assert come_back(world, client, "other@example.org").address == "/home"
    assert TYPED not in client.get("/messages").text


def test_it_is_forgotten_after_an_hour_and_when_she_leaves(world, she):
    client, _ = she
    page = client.get("/messages")
    world.clock.forward(hours=5)
    client.submit(page, {"text": TYPED})
    world.clock.forward(hours=1)
    assert come_back(world, client).address == "/home"
    page = client.get("/messages")
    world.clock.forward(hours=5)
    client.submit(page, {"text": TYPED})
    client.raw.get("/exit")
    assert come_back(world, client).address == "/home"


def test_a_session_that_she_ended_herself_keeps_nothing(world, she):
    client, _ = she
    page = client.get("/messages")
    client.raw.post("/sign-out", data={"csrf_token": page.form_values(page.all("form")[-1])["csrf_token"]})
    assert client.submit(page, {"text": TYPED}).heading == "Please try again"


def test_a_token_of_another_sign_in_only_asks_once_more(world, she):
    client, person = she
    page = client.get("/messages")
    client.raw.delete_cookie("session")
    come_back(world, client)
    again = client.submit(page, {"text": TYPED})
    assert (again.address, again.status) == ("/messages", 200)
    assert "Nothing is sent yet" in again.text
    assert TYPED in again.text
    assert asked(world, person) == []
    client.submit(again, {})
    assert asked(world, person) == [TYPED]


def test_a_button_alone_leads_home(world, she):
    client, _ = she
    page = client.get("/your-copy")
    world.clock.forward(hours=5)
    client.submit(page, {})
    assert come_back(world, client).address == "/your-copy"
    token = page.form_values(page.all("form")[-1])["csrf_token"]
    world.clock.forward(hours=5)
    client.raw.post("/interview/earlier", data={"csrf_token": token, "wanted": "yes"})
    assert come_back(world, client).address == "/home"


def test_the_team_s_forms_are_not_kept(world):
    team = world.staff_client()
    page = team.get("/workspace/invite")
    world.clock.forward(hours=1)
    assert team.submit(page, {"email": "private@example.org"}).heading == "Please try again"
