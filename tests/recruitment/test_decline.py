import pytest

from portal.recruitment.domain import Kind
from portal.recruitment.errors import NothingToTakeBack, ReasonUnknown
from portal.recruitment.service import RecruitmentService
from portal.team.domain import Role
from portal.workspace.domain import Step
from portal.workspace.service import Overview
from tests.support.world import ACTOR


def test_saying_no_needs_no_reason_and_can_be_changed(worlds):
    person, recruitment = worlds.participant(), worlds.get(RecruitmentService)
    recruitment.decline(person)
    recruitment.decline(person)
    assert recruitment.latest(person.id).reason == ""
    assert worlds.get(Overview).step(person) is Step.DECLINED
    worlds.clock.forward(hours=1)
    worlds.consent(person)
    assert worlds.get(Overview).step(person) is Step.COUNTERSIGN


def test_an_exclusion_needs_a_reason_of_the_study_and_can_be_taken_back(worlds):
    person, recruitment = worlds.participant(), worlds.get(RecruitmentService)
    with pytest.raises(ReasonUnknown):
        recruitment.exclude(person, "no-time", actor=ACTOR)
    with pytest.raises(NothingToTakeBack):
        recruitment.readmit(person, actor=ACTOR)
    recruitment.exclude(person, "not-eligible", actor=ACTOR)
    assert worlds.get(Overview).step(person) is Step.EXCLUDED
    recruitment.readmit(person, actor=ACTOR)
    assert recruitment.latest(person.id) is None
    assert worlds.get(Overview).step(person) is Step.CONSENT


def test_through_her_page(world):
    client, invited = world.participant_client()
    assert "/no-thanks" in client.get("/home").links()
    done = client.submit(client.get("/no-thanks"), {})
    assert done.heading == "Thank you for telling us"
    assert client.submit(client.get("/no-thanks"), {"reason": "no-time"}).status == 200
    assert world.get(RecruitmentService).latest(invited.participant.id).reason == "no-time"
    assert client.submit(client.get("/no-thanks"), {"reason": "not-eligible"}).heading != "Thank you for telling us"


def test_the_team_records_and_takes_back(world):
    world.invite()
    client = world.staff_client()
    page = client.get("/workspace/participants/C-0001/not-taking-part")
    assert "Choose a reason" in client.submit(page, {}).text
    shown = client.submit(page, {"reason": "not-eligible"})
    assert "Recorded: C-0001 does not take part" in shown.text
    fact = world.get(RecruitmentService).latest(1)
    assert (fact.kind, fact.reason) == (Kind.EXCLUDED, "not-eligible")


def test_an_auditor_cannot(world):
    world.invite()
    client = world.staff_client(Role.AUDITOR)
    assert client.get("/workspace/participants/C-0001/not-taking-part").status == 403
