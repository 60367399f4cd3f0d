"""A participant sees where she is signed in, and signs out elsewhere: her own sessions and nobody else's."""

import re

import pytest

from portal.audit.service import AuditLog
from portal.messages.service import Outbox
from portal.people.service import PeopleService
from tests.devices.test_staff import PHONE, WINDOWS

PAGE = "/signed-in"
ADDRESS = "invented.person@example.org"


@pytest.fixture
def person(worlds):
    invited = worlds.invite()
    worlds.get(PeopleService).set_email(invited.participant.id, ADDRESS)
    return invited.participant


def signed_in(world, user_agent, address=ADDRESS):
    """A browser in which she came in by the code that was sent to her."""
    client = world.client()
    client.raw.environ_base["HTTP_USER_AGENT"] = user_agent
    client.submit(client.get("/sign-in"), {"email": address}, form=0)
    world.get(Outbox).send_due()
    client.submit(client.get("/sign-in/code"), {"code": world.codes()[-1]}, form=0)
    world.clock.forward(minutes=5)
    return client


def names(page):
    return [one.get("value") for one in page.all("input") if one.get("name") == "session"]


def is_in(client):
    return client.get("/home").heading == "Your study page"


def test_she_gets_there_from_her_page(worlds, person):
    client = signed_in(worlds, PHONE)
    assert f'href="{PAGE}"' in client.get("/home").text
    page = client.get(PAGE)
    assert page.heading == "Where you are signed in"
    assert page.words("h2")[0] == "Safari on iPhone You are here"
    assert "You are signed in nowhere else." in page.text
    assert names(page) == []


def test_she_sees_each_device_when_it_was_used_and_which_one_this_is(worlds, person):
    signed_in(worlds, PHONE)
    page = signed_in(worlds, WINDOWS).get(PAGE)
    assert page.words("h2")[:2] == ["Firefox on Windows You are here", "Safari on iPhone"]
    assert "Last used on 24 November 2026 at 10:00.<br>Signed in on 24 November 2026 at 10:00." in page.text
    assert len(names(page)) == 1


def test_an_invitation_s_link_and_a_device_that_says_nothing_are_shown_too(worlds):
    client, _ = worlds.participant_client()
    client.raw.environ_base.pop("HTTP_USER_AGENT", None)
    assert client.get(PAGE).words("h2")[0] == "A device that does not say what it is You are here"


def test_she_signs_out_on_one_device(worlds, person):
    phone, tablet, here = (signed_in(worlds, agent) for agent in (PHONE, PHONE, WINDOWS))
    done = here.submit(here.get(PAGE), {}, form=0)  # the last used one comes first
    assert "You are signed out on 1 other device." in done.text
    assert not is_in(tablet)
    assert is_in(phone)
    assert is_in(here)
    event = worlds.get(AuditLog).newest(1)[0]
    assert (event.kind, event.subject, event.fields) == (
        "people.sessions_ended", f"participant:{person.study_id}", {"sessions": 1},
    )  # fmt: skip


def test_she_signs_out_everywhere_else(worlds, person):
    others, here = [signed_in(worlds, PHONE) for _ in range(3)], signed_in(worlds, WINDOWS)
    done = here.submit(here.get(PAGE), {})
    assert "You are signed out on 3 other devices." in done.text
    assert [is_in(one) for one in others] == [False] * 3
    assert is_in(here)
    assert "You are signed in nowhere else." in here.get(PAGE).text


def test_nobody_ends_another_s_session_or_her_own_by_name(worlds, person):
    other = worlds.invite().participant
    worlds.get(PeopleService).set_email(other.id, "another.person@example.org")
    stranger = signed_in(worlds, PHONE, "another.person@example.org")
    strangers_second = signed_in(worlds, PHONE, "another.person@example.org")
    staff = worlds.staff_client()
    here = signed_in(worlds, WINDOWS)
    phone = signed_in(worlds, PHONE)
    page, before = here.get(PAGE), len(worlds.get(AuditLog).newest(100))
    tokens = [one.raw.get_cookie("session").value for one in (here, phone, stranger, staff)]
    for name in (*names(stranger.get(PAGE)), *names(strangers_second.get(PAGE)), *tokens, "0" * 16, "'", "%"):
        assert "You were signed out there before." in here.submit(page, {"session": name}, form=0).text
    assert all(is_in(one) for one in (stranger, strangers_second, here, phone))
    assert staff.get("/workspace").status == 200
    here.submit(page, {})
    assert all(is_in(one) for one in (stranger, strangers_second)), "everywhere else is hers only"
    assert staff.get("/workspace").status == 200
    assert len(worlds.get(AuditLog).newest(100)) == before + 1, "only what was ended is told of"


def test_a_stale_form_says_that_it_was_done_before(worlds, person):
    signed_in(worlds, PHONE)
    here = signed_in(worlds, WINDOWS)
    page = here.get(PAGE)
    here.submit(page, {}, form=0)
    again = here.submit(page, {}, form=0)
    assert "There was nothing left to do. You were signed out there before." in again.text
    assert "Please note" in again.words("h2")


def test_who_was_signed_out_meanwhile_can_end_nothing(worlds, person):
    there, here = signed_in(worlds, PHONE), signed_in(worlds, WINDOWS)
    page = there.get(PAGE)
    here.submit(here.get(PAGE), {})
    answer = there.submit(page, {})
    assert answer.heading != "Where you are signed in"
    assert is_in(here)


def test_nothing_personal_is_in_an_address(worlds, person):
    signed_in(worlds, PHONE)
    page = signed_in(worlds, WINDOWS).get(PAGE)
    assert not re.search(rf"(?:href|action)=\"[^\"]*(?:{names(page)[0]}|{person.study_id}|\?)", page.text)


def test_who_is_not_signed_in_is_sent_to_the_door(worlds):
    assert worlds.client().get(PAGE).heading == "Come back to the study"


def test_a_member_is_refused(worlds):
    assert worlds.staff_client().get(PAGE).status == 403
