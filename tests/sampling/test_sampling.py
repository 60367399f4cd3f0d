import pytest

from portal.consent.service import ConsentService, Countersigning
from portal.db.kinds import DataKind
from portal.demographics.domain import Value
from portal.demographics.service import DemographicsService
from portal.erasure.domain import Cause
from portal.erasure.service import ErasureService
from portal.notes.domain import NoteKind
from portal.notes.service import NotesService
from portal.rooms.domain import Outcome
from portal.rooms.service import RoomService
from portal.sampling.service import SamplingService
from portal.team.domain import Role


@pytest.fixture
def heard(world):
    """One who was interviewed and one who waits, with different answers."""
    people, member = [world.participant(), world.participant()], world.member()
    for at, person in enumerate(people):
        world.consent(person)
        question = world.get(DemographicsService).questionnaire(person).question("relation")
        world.get(DemographicsService).answer(person, "relation", Value((question.choices[at].key,)))
    given = world.get(ConsentService).state(people[0]).given
    declared = Countersigning("Invented", world.clock(), "All of it.", "known-to-service")
    world.get(ConsentService).countersign(given.id, declared, staff_id=member.id)
    room = world.get(RoomService).open_by_hand(people[0], staff_id=member.id)
    world.get(RoomService).mark(room, Outcome.DONE, "", staff_id=member.id)
    world.get(NotesService).write(people[0], NoteKind.MEMO, "Trust came first.", staff_id=member.id)
    return people


def test_it_tells_who_was_heard_and_who_could_be(world, heard):
    picture = world.get(SamplingService).picture(None)
    assert [one.study_id for one in picture.heard] == ["C-0001"]
    assert picture.complete
    table = next(one for one in picture.tables if one.attribute.question.key == "relation")
    assert [(one.heard, one.waiting) for one in table.cells[:2]] == [(1, 0), (0, 1)]
    assert [one.unheard for one in table.cells[:2]] == [False, True]
    assert world.get(SamplingService).picture({"trust-b"}).heard == []


def test_a_changed_and_an_erased_answer_are_seen_at_once(world, heard):
    sampling, demographics = world.get(SamplingService), world.get(DemographicsService)
    sampling.picture(None)
    question = demographics.questionnaire(heard[1]).question("relation")
    demographics.answer(heard[1], "relation", Value((question.choices[0].key,)))

    def cells():
        tables = sampling.picture(None).tables
        return next(one for one in tables if one.attribute.question.key == "relation").cells

    assert [(one.heard, one.waiting) for one in cells()[:2]] == [(1, 1), (0, 0)]
    world.get(ErasureService).erase(heard[0], DataKind.ANSWERS, Cause.REQUEST, "request:1")
    assert [(one.heard, one.waiting) for one in cells()[:2]] == [(0, 1), (0, 0)]


def test_the_page_holds_memos_and_notes_on_saturation(world, heard):
    client = world.staff_client()
    page = client.get("/workspace/sampling")
    assert "Trust came first." in page.text
    assert "Not heard yet" in page.text
    assert "Write something first" in client.submit(page, {"text": ""}).text
    assert "No new category" in client.submit(page, {"text": "No new category since the fourth."}).text


def test_who_sees_another_site_or_only_audits_sees_nothing(world, heard):
    elsewhere = world.staff_client(sites=["trust-b"])
    assert "Trust came first." not in elsewhere.get("/workspace/sampling").text
    assert world.staff_client(Role.AUDITOR).get("/workspace/sampling").status == 403
