"""A member sees where she is signed in, and ends what is not hers any more."""

import pytest

from portal.audit.service import AuditLog
from portal.team.domain import Role
from portal.web.devices import device

PAGE = "/team/devices"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"


@pytest.fixture
def member(worlds):
    return worlds.member(Role.RESEARCHER)


def signed_in(world, member, user_agent):
    client = world.client()
    client.raw.environ_base["HTTP_USER_AGENT"] = user_agent
    page = client.get("/team/sign-in")
    fields = {"email": member.email, "password": "four words are plenty", "code": world.code(world.secrets[member.id])}
    client.submit(page, fields, form=0)
    world.clock.forward(seconds=60)
    return client


def test_she_sees_each_device_and_which_one_this_is(worlds, member):
    signed_in(worlds, member, PHONE)
    page = signed_in(worlds, member, WINDOWS).get(PAGE)
    assert page.words("h2") == ["Firefox on Windows This device", "Safari on iPhone"]
    assert "24 November 2026 at" in page.text


def test_she_signs_out_on_one_device_or_on_all_others(worlds, member):
    phone, here = signed_in(worlds, member, PHONE), signed_in(worlds, member, WINDOWS)
    third = signed_in(worlds, member, PHONE)
    page = here.get(PAGE)
    done = here.submit(page, {}, form=0)  # the last used one comes first
    assert "Signed out on one other device." in done.text
    assert third.get(PAGE).heading == "Sign in to the workspace"
    assert phone.get(PAGE).heading == "Your devices"
    here.submit(here.get(PAGE), {})
    assert phone.get(PAGE).heading == "Sign in to the workspace"
    assert here.get(PAGE).words("h2") == ["Firefox on Windows This device"]
    event = worlds.get(AuditLog).newest(1)[0]
    assert (event.kind, event.subject, event.fields) == (
        "team.sessions_ended", f"staff:{member.id}", {"sessions": 1},
    )  # fmt: skip


def test_nobody_ends_another_s_session_or_her_own_by_name(worlds, member):
    colleague = worlds.staff_client(Role.LEAD)
    here = signed_in(worlds, member, WINDOWS)
    signed_in(worlds, member, PHONE)
    page = here.get(PAGE)
    others = [one.get("value") for one in colleague.get(PAGE).all("input") if one.get("name") == "session"]
    own = here.raw.get_cookie("session").value
    for name in (*others, own, "0" * 16, "'"):
        assert "had ended already" in here.submit(page, {"session": name}, form=0).text
    assert colleague.get(PAGE).heading == "Your devices"


def test_it_asks_who_she_is_before_it_ends_anything(worlds, member):
    signed_in(worlds, member, PHONE)
    here = signed_in(worlds, member, WINDOWS)
    worlds.clock.forward(minutes=25)
    page = here.get(PAGE)
    assert here.submit(page, {}).heading == "Confirm that it is you"
    assert len(here.get(PAGE).words("h2")) == 2


@pytest.mark.parametrize(
    ("user_agent", "told"),
    [
        (WINDOWS, ("Firefox", "Windows")),
        (PHONE, ("Safari", "iPhone")),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", ("Edge", "Mac")),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", ("Chrome", "Android")),
        ("<script>alert(1)</script>", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_browser_in_words(user_agent, told):
    assert device(user_agent) == told
