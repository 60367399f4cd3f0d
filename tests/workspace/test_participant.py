from sqlalchemy import event

from portal.consent.history import ConsentHistory
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.people.identities import Identities
from portal.recordings.destroying import Destructions
from portal.recordings.domain import new_recording_id
from portal.recordings.store import RecordingRow
from portal.recruitment.service import RecruitmentService
from portal.rooms.domain import Outcome
from portal.rooms.service import RoomService
from portal.study.service import StudyBook
from portal.team.domain import Role
from portal.workspace.service import HerRecordings
from portal.workspace.timeline import Timeline
from tests.support.world import ACTOR

PAGE = "/workspace/participants/C-0001"


def test_the_timeline_tells_what_happened(worlds):
    person = worlds.participant()
    worlds.get(RecruitmentService).decline(person)
    worlds.clock.forward(days=1)
    worlds.consent(person)
    worlds.clock.forward(days=1)
    worlds.get(ConsentService).withdraw(person, "stop-recording")
    told = [
        (one.what, one.detail) for one in worlds.get(Timeline).of(person, worlds.get(StudyBook).current().study).facts
    ]
    version = worlds.get(ConsentService).form(person)[1].version
    assert told[:3] == [("withdrew", "stop-recording"), ("consented", version), ("declined", "")]
    assert {"invited", "read"} <= {what for what, _ in told}


def test_consents_stand_by_version_with_their_answers(worlds):
    person = worlds.participant()
    worlds.consent(person)
    worlds.get(ConsentService).withdraw(person, "stop-keep")
    worlds.consent(person)
    first, second = worlds.get(ConsentHistory).of(person)
    assert first.countersigned is None
    assert [one.level for one in first.withdrawals] == ["stop-keep"]
    assert second.withdrawals == ()
    assert [agreed for _, agreed in second.answered] == [True] * len(second.form.statements)


def test_an_address_is_shown_only_with_a_reason_that_stays(worlds):
    person, member = worlds.participant(), worlds.member()
    found = worlds.get(Identities).look(person, "interview", "to ring her", staff_id=member.id)
    assert found is None
    assert [(one.staff_id, one.why, one.words) for one in worlds.get(Identities).looks(person.id)] == [
        (member.id, "interview", "to ring her")
    ]


def test_the_page_shows_everything_and_no_name(world):
    person = world.participant()
    world.consent(person, "Very Private Name")
    page = world.staff_client().get(PAGE)
    assert "Consented, form version" in page.text
    assert "None is booked" in page.text
    assert "Very Private Name" not in page.text


def opened(world, person, *, problem=False):
    """A room of hers with a recording in the catalogue, as the duty writes it."""
    rooms = world.get(RoomService)
    member = world.member()
    room = rooms.open_by_hand(person, staff_id=member.id)
    rooms.mark(room, Outcome.DONE, "", staff_id=member.id)  # so that the next one is another room
    with world.get(Database).transaction() as session:
        session.add(
            RecordingRow(
                id=new_recording_id(), room=room.code, study_version="", opened_at=world.clock(), duration_ms=3_723_000,
                ended=True, interrupted=False, discarded=False, recipients=[], head="", manifest_bytes=1, told=[],
                problems=["p1-1.webm.age is missing"] if problem else [], catalogued_at=world.clock(), away=False,
            )
        )  # fmt: skip
    return room


def recordings_of(world, person):
    return world.get(HerRecordings).of(person)


def test_her_recordings_are_listed_newest_first_and_nobody_else_s(worlds):
    she, other = worlds.participant(), worlds.participant()
    for person in (she, other):
        worlds.consent(person)
    assert recordings_of(worlds, she) == []
    rooms = [opened(worlds, she).code]
    worlds.clock.forward(days=1)
    rooms.append(opened(worlds, she).code)
    opened(worlds, other)
    assert [one.room for one in recordings_of(worlds, she)] == rooms[::-1]
    assert len(recordings_of(worlds, other)) == 1


def test_the_page_lists_a_recording_with_the_way_to_its_player(world):
    person = world.participant()
    world.consent(person)
    client = world.staff_client()
    assert "Nothing was recorded yet" in client.get(PAGE).text
    opened(world, person)
    world.clock.forward(minutes=10)
    opened(world, person, problem=True)
    page, (second, first) = client.get(PAGE), recordings_of(world, person)
    assert "length 1:02:03, whole" in page.text
    assert "p1-1.webm.age is missing" in page.text
    assert "A recording began" in page.text
    assert {f"/workspace/recordings/{one.id}" for one in (first, second)} <= set(page.links())


def test_who_may_not_open_recordings_gets_no_way_to_the_player(world):
    person = world.participant()
    world.consent(person)
    opened(world, person)
    page = world.staff_client(delegated=False).get(PAGE)
    assert "length 1:02:03" in page.text
    assert not [one for one in page.links() if one.startswith("/workspace/recordings/")]


def test_who_may_not_see_recordings_learns_of_none(world):
    person = world.participant()
    world.consent(person)
    opened(world, person)
    page = world.staff_client(Role.AUDITOR).get(PAGE)
    assert page.status == 200
    assert "ecording began" not in page.text
    assert "Recordings" not in page.words("h2")
    assert "1:02:03" not in page.text


def test_a_destroyed_recording_is_listed_with_its_certificate(world):
    person = world.participant()
    world.consent(person)
    opened(world, person)
    client, (found,) = world.staff_client(), recordings_of(world, person)
    destructions = world.get(Destructions)
    destructions.order(found.id, "withdrawal", actor=ACTOR, approved_by="staff:1")
    destructions.run()
    page = client.get(PAGE)
    assert "destroyed on 24 November 2026" in page.text
    assert f"The recording {found.name} was destroyed" in page.text
    assert f"/workspace/recordings/{found.id}" not in page.links()
    assert client.get(f"/workspace/recordings/{found.id}/certificate").status == 200
    assert f"/workspace/recordings/{found.id}/certificate" in page.links()


def test_the_number_of_statements_does_not_grow_with_recordings(world):
    person = world.participant()
    world.consent(person)
    client = world.staff_client()
    opened(world, person)
    few = statements(world, client)
    for _ in range(5):
        opened(world, person)
    assert len(recordings_of(world, person)) == 6
    assert statements(world, client) == few


def statements(world, client):
    """How many the page sends, at its second look."""
    client.get(PAGE)
    seen, engine = [], world.get(Database).engine

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    page = client.get(PAGE)
    event.remove(engine, "before_cursor_execute", note)
    assert (page.status, page.address) == (200, PAGE)
    return len(seen)
