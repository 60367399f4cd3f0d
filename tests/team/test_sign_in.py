import pytest

from portal.team.domain import Role
from portal.team.errors import InvitationRefused, SignInRefused
from portal.team.service import TeamService
from tests.support.world import ACTOR, PASSWORD


def test_password_and_code_together(worlds):
    member = worlds.member()
    code = worlds.code(worlds.secrets[member.id])
    assert worlds.get(TeamService).sign_in(member.email.upper(), PASSWORD, code).id == member.id


def test_a_code_is_not_taken_twice(worlds):
    member = worlds.member()
    code = worlds.code(worlds.secrets[member.id])
    worlds.get(TeamService).sign_in(member.email, PASSWORD, code)
    with pytest.raises(SignInRefused):
        worlds.get(TeamService).sign_in(member.email, PASSWORD, code)


@pytest.mark.parametrize("wrong", ["password", "code", "email"])
def test_each_part_must_be_right(world, wrong):
    member = world.member()
    good = {"email": member.email, "password": PASSWORD, "code": world.code(world.secrets[member.id])}
    bad = {**good, wrong: {"password": "not it at all", "code": "000000", "email": "other@example.org"}[wrong]}
    with pytest.raises(SignInRefused):
        world.get(TeamService).sign_in(**bad)
    assert world.get(TeamService).sign_in(**good).id == member.id


def test_an_invitation_opens_one_account(world):
    team = world.get(TeamService)
    token = team.invite(Role.LEAD, actor=ACTOR)
    secret = team.enrolment(token).totp_secret
    team.join(token, name="One", email="one@example.org", password=PASSWORD, code=world.code(secret))
    with pytest.raises(InvitationRefused):
        team.enrolment(token)


def test_a_wrong_code_uses_no_invitation_up(world):
    client = world.client()
    token = world.get(TeamService).invite(Role.LEAD, actor=ACTOR)
    page = client.get(f"/team/join/{token}")
    fields = {"name": "One", "email": "one@example.org", "password": PASSWORD, "again": PASSWORD, "code": "000000"}
    refused = client.submit(page, fields)
    assert "This code does not match" in refused.text
    secret = world.get(TeamService).enrolment(token).totp_secret
    joined = client.submit(refused, {**fields, "code": world.code(secret)})
    assert joined.address == "/workspace"


def test_a_closed_account_is_out_at_once(world):
    client = world.staff_client(Role.RESEARCHER)
    assert client.get("/workspace/participants").address == "/workspace/participants"
    member = world.get(TeamService).members()[0]
    world.get(TeamService).close(member.id, actor=ACTOR)
    assert client.get("/workspace/participants").address == "/team/sign-in"


def test_many_tries_are_stopped(world):
    client = world.client()
    page = client.get("/team/sign-in")
    fields = {"email": "x@example.org", "password": "wrong", "code": "123456"}
    for _ in range(10):
        page = client.submit(page, fields)
    assert client.submit(page, fields).status == 429


def test_after_sign_out_the_old_cookie_is_worth_nothing(world):
    client = world.staff_client()
    cookie = client.raw.get_cookie("session")
    client.raw.post("/team/sign-out", data={"csrf_token": _token(client)})
    client.raw.set_cookie("session", cookie.value)
    assert client.get("/workspace/participants").address == "/team/sign-in"


def _token(client):
    page = client.get("/workspace/participants")
    return page.form_values(page.all("form")[0])["csrf_token"]
