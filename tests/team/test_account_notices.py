"""A member hears by e-mail what happened to her account."""

import pytest
from sqlalchemy import select

from portal.db.engine import Database
from portal.messages.service import Outbox
from portal.recovery.service import RecoveryService
from portal.team.domain import Role
from portal.team.errors import SignInRefused
from portal.team.service import TeamService
from portal.team.store import StaffDeviceRow
from tests.support.post import text_of
from tests.support.world import ACTOR, PASSWORD

FIREFOX, PHONE = ("Firefox", "Windows"), ("Safari", "iPhone")


@pytest.fixture
def member(worlds):
    return worlds.member(Role.RESEARCHER)


def sign_in(world, member, device):
    world.clock.forward(seconds=60)
    code = world.code(world.secrets[member.id])
    world.get(TeamService).sign_in(member.email, PASSWORD, code, device)


def told(world, member):
    """Subjects and texts of what she was sent since the last look."""
    world.get(Outbox).send_due()
    found = [(str(one["Subject"]), text_of(one)) for one in world.sent if one["To"] == member.email]
    world.sent.clear()
    return found


def test_she_hears_of_a_new_device_once(worlds, member):
    sign_in(worlds, member, FIREFOX)
    assert told(worlds, member) == [], "it is the one on which she has just joined"
    sign_in(worlds, member, PHONE)
    ((subject, text),) = told(worlds, member)
    assert subject == "A sign-in to your account"
    assert "Safari on iPhone" in text
    assert "/team/devices" in text
    assert member.name not in text
    sign_in(worlds, member, PHONE)
    sign_in(worlds, member, FIREFOX)
    assert told(worlds, member) == []


def test_an_account_older_than_a_day_hears_of_the_first_device_too(worlds, member):
    worlds.clock.forward(days=1)
    sign_in(worlds, member, ("", ""))
    ((_, text),) = told(worlds, member)
    assert "A device that does not say what it is" in text


def test_a_passkey_on_a_new_device_is_told_of_and_a_proof_inside_is_not(worlds, member):
    team = worlds.get(TeamService)
    team.sign_in_with_passkey(member.id, FIREFOX)
    team.confirm_with_passkey(member.id)
    assert told(worlds, member) == []
    team.sign_in_with_passkey(member.id, PHONE)
    assert len(told(worlds, member)) == 1


def test_a_refused_sign_in_makes_no_device_known(worlds, member):
    sign_in(worlds, member, FIREFOX)
    with pytest.raises(SignInRefused):
        worlds.get(TeamService).sign_in(member.email, "a wrong password", "000000", PHONE)
    sign_in(worlds, member, PHONE)
    assert len(told(worlds, member)) == 1


def test_she_hears_of_a_new_password(worlds, member):
    worlds.get(TeamService).change_password(member.id, "seven purple otters on a sofa")
    ((subject, text),) = told(worlds, member)
    assert subject == "A change to your account"
    assert "The password of your account in the portal was changed." in text


def test_she_hears_when_others_ask_for_her_recovery_and_when_it_is_done(worlds, member):
    first, second, recovery = worlds.member(Role.LEAD), worlds.member(Role.LEAD), worlds.get(RecoveryService)
    recovery.ask(member, first)
    assert "It happens if a second colleague agrees." in told(worlds, member)[0][1]
    token = recovery.agree(recovery.waiting()[0].id, second)
    assert told(worlds, member) == []
    recovery.set_up(token, "another four words here", worlds.code(recovery.secret(token)))
    assert "a new authenticator app" in told(worlds, member)[0][1]
    assert told(worlds, first) == told(worlds, second) == []


def test_the_devices_of_who_has_left_are_forgotten(worlds, member):
    sign_in(worlds, member, FIREFOX)
    worlds.get(TeamService).close(member.id, actor=ACTOR)
    with worlds.get(Database).reading() as session:
        assert session.scalars(select(StaffDeviceRow)).all() == []
