"""A lost second factor: two people, one of them a lead, and nothing changes before she has set up the new one."""

import pytest

from portal.audit.service import AuditLog
from portal.recovery.errors import RecoveryRefused, SecondPersonNeeded
from portal.recovery.service import RecoveryService
from portal.team.domain import Role
from portal.team.errors import SignInRefused
from portal.team.service import TeamService
from tests.support.world import ACTOR, PASSWORD

NEW = "another four words here"


@pytest.fixture
def people(worlds):
    """The member, and two leads."""
    return worlds.member(), worlds.member(Role.LEAD), worlds.member(Role.LEAD)


def agreed(world, member, first, second):
    recovery = world.get(RecoveryService)
    recovery.ask(member, first)
    return recovery.agree(recovery.waiting()[0].id, second)


def test_she_sets_up_her_sign_in_anew(worlds, people):
    member, first, second = people
    old = worlds.sign_in(member)
    asked = worlds.sign_in(first)
    asked.submit(asked.get(f"/team/members/{member.id}"), {}, form=1)
    agrees = worlds.sign_in(second)
    page = agrees.submit(agrees.get("/team/recovery"), {}, form=0)
    link = next(one for one in page.words("p") if "/team/recovery/set-up/" in one)
    new = worlds.client()
    form = new.get(link[link.index("/team/") :])
    refused = new.submit(form, {"password": NEW, "again": NEW, "code": "000000"})
    assert "This code does not match" in refused.text
    assert old.get("/workspace/participants").status == 200  # nothing has changed yet
    secret = worlds.get(RecoveryService).secret(link.rsplit("/", 1)[1])
    done = new.submit(refused, {"password": NEW, "again": NEW, "code": worlds.code(secret)})
    assert done.address.startswith("/workspace")
    assert old.get("/workspace/participants").address == "/team/sign-in"
    worlds.clock.forward(seconds=60)
    with pytest.raises(SignInRefused):
        worlds.get(TeamService).sign_in(member.email, PASSWORD, worlds.code(worlds.secrets[member.id]))
    assert worlds.get(TeamService).sign_in(member.email, NEW, worlds.code(secret)).id == member.id
    assert new.get(link[link.index("/team/") :]).status == 410
    events = [one.kind for one in worlds.get(AuditLog).newest(40) if one.kind.startswith("recovery.")]
    assert events == ["recovery.done", "recovery.agreed", "recovery.asked"]


def test_one_person_is_not_enough(worlds, people):
    member, first, _ = people
    recovery = worlds.get(RecoveryService)
    with pytest.raises(SecondPersonNeeded):
        recovery.ask(member, member)
    recovery.ask(member, first)
    recovery.ask(member, first)
    (request,) = recovery.waiting()
    for one in (first, member):
        with pytest.raises(SecondPersonNeeded):
            recovery.agree(request.id, one)


def test_one_of_the_two_must_be_a_lead(worlds, people):
    member, lead, _ = people
    one, other = worlds.member(Role.IT), worlds.member(Role.IT)
    recovery = worlds.get(RecoveryService)
    recovery.ask(member, one)
    with pytest.raises(SecondPersonNeeded):
        recovery.agree(recovery.waiting()[0].id, other)
    assert recovery.agree(recovery.waiting()[0].id, lead)


def test_declined_expired_and_left_requests_are_over(worlds, people):
    member, first, second = people
    recovery = worlds.get(RecoveryService)
    recovery.ask(member, first)
    (request,) = recovery.waiting()
    recovery.decline(request.id, second)
    with pytest.raises(RecoveryRefused):
        recovery.agree(request.id, second)
    recovery.ask(member, first)
    (request,) = recovery.waiting()
    worlds.clock.forward(days=1)
    assert recovery.waiting() == []
    with pytest.raises(RecoveryRefused):
        recovery.agree(request.id, second)
    recovery.ask(member, first)
    worlds.get(TeamService).close(first.id, actor=ACTOR)
    with pytest.raises(RecoveryRefused):
        recovery.agree(recovery.waiting()[0].id, second)


def test_a_link_ends_after_a_day_and_with_the_account(worlds, people):
    member, first, second = people
    token = agreed(worlds, member, first, second)
    worlds.get(TeamService).close(member.id, actor=ACTOR)
    with pytest.raises(RecoveryRefused):
        worlds.get(RecoveryService).secret(token)
    other = worlds.member()
    token = agreed(worlds, other, first, second)
    worlds.clock.forward(days=1)
    with pytest.raises(RecoveryRefused):
        worlds.get(RecoveryService).set_up(token, NEW, "000000")
