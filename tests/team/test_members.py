"""Roles and sites of members: changed in mid-session, they apply at once."""

import pytest

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.people.service import PeopleService
from portal.study.service import StudyBook
from portal.team.domain import Role
from portal.team.errors import LastLead, NotYourself, NotYoursToGive
from portal.team.service import TeamService
from tests.support.world import ACTOR


@pytest.fixture
def two_sites(worlds):
    for site in ("trust-a", "trust-b"):
        worlds.invite("carer", site)
    return worlds


def test_a_member_sees_the_participants_of_her_sites_only(two_sites):
    client = two_sites.staff_client(sites=["trust-b"])
    page = client.get("/workspace/participants")
    assert "C-0002" in page.text
    assert "C-0001" not in page.text
    assert client.get("/workspace/participants/C-0002").status == 200
    assert client.get("/workspace/participants/C-0001").status == 404
    assert client.get("/workspace/participants/C-9999").status == 404


def test_another_site_s_receipt_is_not_there(world):
    reference = world.sealed(world.participant())
    client = world.staff_client(Role.AUDITOR, sites=["trust-b"])
    assert client.file(f"/workspace/receipts/{reference}.pdf").status_code == 404
    everywhere = world.staff_client(Role.AUDITOR)
    assert everywhere.file(f"/workspace/receipts/{reference}.pdf").status_code == 200


def test_she_invites_for_her_sites_only(world):
    client = world.staff_client(sites=["trust-b"])
    page = client.get("/workspace/invite")
    refused = client.submit(page, {"group": "carer", "site": "trust-a"})
    assert refused.address == "/workspace/invite"
    assert "There is a problem" in refused.text
    assert world.get(PeopleService).all() == []


def test_a_study_may_let_everybody_see_all(world):
    world.invite("carer", "trust-a")
    book = world.get(StudyBook)
    book.publish(book.current().study.model_copy(update={"sites_apart": False}))
    assert world.staff_client(sites=["trust-b"]).get("/workspace/participants/C-0001").status == 200


def test_a_role_changed_in_mid_session_applies_at_the_next_click(worlds):
    member = worlds.member()
    client, lead = worlds.sign_in(member), worlds.staff_client(Role.LEAD)
    assert client.get("/workspace/invite").status == 200
    changed = lead.submit(lead.get(f"/team/members/{member.id}"), {"role": "auditor", "sites": "*"}, form=0)
    assert "Changed" in changed.text
    assert client.get("/workspace/invite").status == 403
    assert client.get("/workspace/audit").status == 200
    event = worlds.get(AuditLog).newest(1)[0]
    assert (event.kind, event.subject, event.fields["role"]) == ("team.member_changed", f"staff:{member.id}", "auditor")


def test_sites_changed_in_mid_session_apply_at_the_next_click(two_sites):
    member = two_sites.member()
    client = two_sites.sign_in(member)
    assert client.get("/workspace/participants/C-0001").status == 200
    two_sites.get(TeamService).change(member.id, Role.RESEARCHER, ["trust-b"], actor=ACTOR)
    assert client.get("/workspace/participants/C-0001").status == 404


def test_a_leaver_s_sessions_end(world):
    member = world.member()
    clients = [world.sign_in(member)]
    world.clock.forward(seconds=60)
    clients.append(world.sign_in(member))
    lead = world.staff_client(Role.LEAD)
    closed = lead.submit(lead.get(f"/team/members/{member.id}"), {})
    assert "The account is closed" in closed.text
    assert [one.get("/workspace").address for one in clients] == ["/team/sign-in"] * 2


def test_nobody_changes_or_closes_her_own_account(world):
    member = world.member(Role.LEAD)
    team, me = world.get(TeamService), Actor.staff(member.id)
    with pytest.raises(NotYourself):
        team.change(member.id, Role.AUDITOR, None, actor=me)
    with pytest.raises(NotYourself):
        team.close(member.id, actor=me)
    client = world.sign_in(member)
    page = client.submit(client.get(f"/team/members/{member.id}"), {"role": "auditor", "sites": "*"}, form=0)
    assert "Ask another lead" in page.text


def test_it_gives_no_access_to_participants(world):
    it, member, team = world.member(Role.IT), world.member(), world.get(TeamService)
    me = Actor.staff(it.id)
    for role in (Role.LEAD, Role.RESEARCHER, Role.AUDITOR):
        with pytest.raises(NotYoursToGive):
            team.invite(role, actor=me)
    with pytest.raises(NotYoursToGive):
        team.change(member.id, Role.IT, None, actor=me)
    assert team.invite(Role.IT, actor=me)
    page = world.sign_in(it).get("/team/members")
    assert "IT: accounts only, sees no participant" in page.words("label")
    assert not [one for one in page.words("label") if one.startswith(("Lead", "Researcher", "Auditor"))]
    team.close(member.id, actor=me)


def test_the_last_lead_stays(world):
    lead, team = world.member(Role.LEAD), world.get(TeamService)
    with pytest.raises(LastLead):
        team.close(lead.id, actor=ACTOR)
    with pytest.raises(LastLead):
        team.change(lead.id, Role.IT, None, actor=ACTOR)
    world.member(Role.LEAD)
    team.close(lead.id, actor=ACTOR)
    assert team.member(lead.id).closed


def test_an_invitation_carries_role_and_sites(world):
    lead = world.staff_client(Role.LEAD)
    page = lead.submit(lead.get("/team/members"), {"role": "researcher", "sites": ""})
    assert "Choose at least one site" in page.text
    page = lead.submit(page, {"role": "researcher", "sites": "trust-a"})
    assert "/team/join/" in page.text
