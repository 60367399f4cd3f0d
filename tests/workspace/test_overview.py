import pytest

from portal.consent.domain import Standing
from portal.consent.service import ConsentService, Countersigning
from portal.erasure.retention import RetentionService
from portal.people.service import PeopleService
from portal.recordings.age import new_identity
from portal.recordings.keys.service import KeyService
from portal.recruitment.service import RecruitmentService
from portal.rooms.domain import Outcome
from portal.rooms.service import RoomService
from portal.study.loader import load
from portal.study.service import StudyBook
from portal.team.domain import Role
from portal.workspace.domain import CONSENTED, Step, Wanted, flow
from portal.workspace.picture import Stage, draw
from portal.workspace.service import PER_PAGE, Overview
from tests.support.world import ACTOR


@pytest.fixture
def cast(worlds):
    """Somebody at each step."""
    opened = worlds.participant_client()[1].participant
    reading, consented, stopped, again, no = (worlds.participant() for _ in range(5))
    for one in (consented, stopped, again):
        worlds.consent(one)
    worlds.get(ConsentService).withdraw(stopped, "stop-remove")
    worlds.get(ConsentService).withdraw(again, "stop-keep")
    worlds.clock.forward(hours=1)
    worlds.consent(again)
    worlds.get(RecruitmentService).decline(no, "no-time")
    excluded = worlds.participant("practitioner")
    worlds.get(RecruitmentService).exclude(excluded, "unwell", actor=ACTOR)
    return {
        "opened": (opened, Step.CONSENT), "invited": (worlds.invite().participant, Step.OPEN),
        "reading": (reading, Step.CONSENT), "consented": (consented, Step.COUNTERSIGN),
        "stopped": (stopped, Step.WITHDRAWN), "again": (again, Step.COUNTERSIGN), "no": (no, Step.DECLINED),
        "excluded": (excluded, Step.EXCLUDED),
    }  # fmt: skip


def test_each_step_is_derived(worlds, cast):
    overview = worlds.get(Overview)
    assert {name: overview.step(person) for name, (person, _) in cast.items()} == {
        name: step for name, (_, step) in cast.items()
    }


def test_the_database_and_the_consent_service_agree(worlds, cast):
    people = [person for person, _ in cast.values()]
    states = worlds.get(ConsentService).states(people)
    for person in people:
        step = worlds.get(Overview).step(person)
        assert (step is Step.WITHDRAWN) == (states[person.id].standing is Standing.WITHDRAWN)
        assert (step in CONSENTED) == (states[person.id].standing in (Standing.GIVEN, Standing.OUTDATED))


def test_the_flow_adds_up(worlds, cast):
    found = flow(worlds.get(Overview).tallies())
    assert (found.invited, found.opened, found.read) == (8, 1, 6)
    assert found.declined == {"no-time": 1}
    assert found.excluded == {"unwell": 1}
    assert found.withdrew == {"stop-remove": 1}
    assert (found.consented, found.undecided, found.not_taking_part) == (3, 3, 2)
    assert found.invited == found.consented + found.undecided + found.not_taking_part


def test_a_new_form_makes_everybody_consent_anew(worlds, cast):
    study = load(worlds.settings.study)
    carer = study.documents["carer"]
    changed = carer.model_copy(update={"consent": carer.consent.model_copy(update={"version": "0.9"})})
    worlds.get(StudyBook).publish(study.model_copy(update={"documents": {**study.documents, "carer": changed}}))
    assert worlds.get(Overview).step(cast["consented"][0]) is Step.RECONSENT


def test_how_interviews_ended_is_counted(worlds):
    came, away = worlds.participant(), worlds.participant()
    member, rooms, overview = worlds.member(), worlds.get(RoomService), worlds.get(Overview)
    for person, outcomes in ((came, [Outcome.NOT_ATTENDED, Outcome.DONE]), (away, [Outcome.NOT_ATTENDED])):
        given = worlds.consent(person)
        declared = Countersigning("Invented", worlds.clock(), "All of it.", "known-to-service")
        state = worlds.get(ConsentService).state(person).given
        assert state.reference == given
        worlds.get(ConsentService).countersign(state.id, declared, staff_id=member.id)
        room = rooms.open_by_hand(person, staff_id=member.id)
        for outcome in outcomes:
            rooms.mark(room, outcome, "", staff_id=member.id)
    assert overview.step(came) is Step.INTERVIEWED
    assert overview.step(away) is Step.NOT_ATTENDED
    found = flow(overview.tallies())
    assert (found.interviewed, found.waiting) == (1, 1)


def test_search_and_pages(worlds, cast):
    overview = worlds.get(Overview)
    page = overview.page(Wanted(step="countersign"), 1)
    assert [one.person.study_id for one in page.rows] == ["C-0005", "C-0003"]
    assert [one.step for one in overview.page(Wanted(study_id="p-0"), 1).rows] == [Step.EXCLUDED]
    assert overview.page(Wanted(study_id="%"), 1).total == 0
    assert overview.page(Wanted(), 99).number == 1
    assert overview.page(Wanted(), 1, sites={"trust-b"}).total == 0
    assert overview.tallies(sites=[]) == ()


def test_a_long_list_comes_in_pages(world):
    people = world.get(PeopleService)
    for _ in range(PER_PAGE + 1):
        people.invite("carer", "trust-a", actor=ACTOR)
    client = world.staff_client()
    page = client.get("/workspace/participants")
    assert "page 1 of 2" in page.text
    assert "C-0001" not in page.text
    last = client.get("/workspace/participants?page=2")
    assert "C-0001" in last.text
    assert client.get("/workspace/participants?page=x&step=nonsense").status == 200
    assert "Nobody fits this search" in client.get("/workspace/participants?study_id=Z").text


def test_the_overview_page(world):
    person = world.participant()
    world.sealed(person)
    world.get(RecruitmentService).decline(world.participant(), "no-time")
    client = world.staff_client()
    page = client.get("/workspace")
    assert page.heading == "Overview"
    assert "/workspace/participants?step=countersign" in page.links()
    assert "I do not have the time" in page.text
    assert "consent to countersign" in page.text


def test_who_sees_another_site_counts_nobody(world):
    world.sealed(world.participant())
    client = world.staff_client(sites=["trust-b"])
    page = client.get("/workspace")
    assert "Nothing waits for you" in page.text
    assert "Invited: 0" in page.text
    assert "NHS Trust A" not in page.text


def test_boxes_do_not_overlap():
    picture = draw([Stage(["one"], ["a long line that must be wrapped twice or more " * 2] * 3), Stage(["two"], ["x"])])
    main = [box for box in picture.boxes if box.x < 100]
    side = [box for box in picture.boxes if box.x > 100]
    assert main[1].y > side[0].y + side[0].height
    assert all(y <= box.y + box.height for box in picture.boxes for y, _ in box.lines)
    assert picture.height >= max(box.y + box.height for box in picture.boxes)


def test_keys_and_days_that_wait_for_a_second_person_are_on_the_list(world):
    lead = world.member(Role.LEAD)
    client = world.sign_in(lead)
    assert "Nothing waits for you." in client.get("/workspace").text
    world.get(KeyService).register_recovery(str(new_identity().recipient), threshold=2, shares=3, actor=ACTOR)
    world.get(RetentionService).declare("results_sent", world.clock().date(), staff_id=lead.id)
    shown = client.get("/workspace")
    links = {" ".join(one.split()) for one in shown.words("a")}
    assert {
        "1 key for recordings to compare and confirm", "1 day to confirm from which data is erased"
    } <= links  # fmt: skip
    assert {"/workspace/keys/recipients", "/workspace/retention"} <= set(shown.links())
    assert "to confirm" not in world.staff_client(Role.AUDITOR).get("/workspace").text


def test_a_level_that_a_new_version_took_out_keeps_its_name(world):
    person = world.participant()
    world.consent(person)
    world.get(ConsentService).withdraw(person, "stop-keep")
    book = world.get(StudyBook)
    study = book.current().study
    gone = next(one for one in study.withdrawal.levels if one.key == "stop-keep")
    left = tuple(one for one in study.withdrawal.levels if one != gone)
    book.publish(study.model_copy(update={"withdrawal": study.withdrawal.model_copy(update={"levels": left})}))
    client = world.staff_client()
    for address in ("/workspace", f"/workspace/participants/{person.study_id}"):
        page = client.get(address).text
        assert gone.label in page
        assert "stop-keep" not in page
