"""Choosing a password, and changing it."""

import pytest

from portal.team.domain import Role
from portal.team.errors import SignInRefused
from portal.team.passwords import easily_guessed
from portal.team.service import TeamService
from tests.support.world import PASSWORD

NEW = "seven purple otters on a sofa"
STUDY = ("Video Interaction Guidance Within Perinatal Mental Health Services", "Teesside University")


@pytest.mark.parametrize(
    "password", ["passwordpassword", "123456789012", "qwertyuiop[]", "perinatal mental health", "Teesside University 1"]
)
def test_what_is_tried_first_is_refused(password):
    assert easily_guessed(password, STUDY)


@pytest.mark.parametrize(
    "password", [PASSWORD, NEW, "z7Kq!bV2mX9w", "é" * 3 + " quiet harbour lantern", NEW + "x9" * 90]
)
def test_what_is_hard_to_guess_is_taken(password):
    assert not easily_guessed(password, STUDY)


def test_a_change_ends_the_other_sessions_and_keeps_this_one(worlds):
    client = worlds.staff_client(Role.LEAD)
    (member,) = worlds.get(TeamService).members()
    other = worlds.client()
    worlds.clock.forward(seconds=60)
    code = worlds.code(worlds.secrets[member.id])
    other.submit(other.get("/team/sign-in"), {"email": member.email, "password": PASSWORD, "code": code})
    page = client.submit(client.get("/team/password"), {"password": NEW, "again": NEW})
    assert "Your password is changed." in page.text
    assert client.raw.get("/workspace").status_code == 200
    assert other.raw.get("/workspace").status_code == 302
    worlds.clock.forward(seconds=60)
    code = worlds.code(worlds.secrets[member.id])
    with pytest.raises(SignInRefused):
        worlds.get(TeamService).sign_in(member.email, PASSWORD, code)
    assert worlds.get(TeamService).sign_in(member.email, NEW, code).id == member.id


def test_an_easy_one_is_told_and_nothing_changes(world):
    client = world.staff_client()
    (member,) = world.get(TeamService).members()
    page = client.submit(
        client.get("/team/password"), {"password": "Teesside University", "again": "Teesside University"}
    )
    assert "This is easily guessed." in page.text
    world.clock.forward(seconds=60)
    code = world.code(world.secrets[member.id])
    assert world.get(TeamService).sign_in(member.email, PASSWORD, code).id == member.id


def test_it_asks_first_who_one_is(world):
    client = world.staff_client()
    world.clock.forward(minutes=25)
    assert client.get("/team/password").address == "/team/confirm"
