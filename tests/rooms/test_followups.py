from datetime import timedelta

import pytest

from portal.db.engine import Database
from portal.messages.service import Outbox
from portal.people.service import PeopleService
from portal.rooms.domain import Outcome
from portal.rooms.followups import SECOND_THOUGHTS, FollowUps
from portal.rooms.service import RoomService
from portal.rooms.store import RoomEventRow
from portal.team.domain import Role


@pytest.fixture
def interviewed(worlds):
    """A room in which somebody has talked with a lead."""
    person, lead = worlds.participant(), worlds.member(Role.LEAD)
    worlds.get(PeopleService).set_email(person.id, "somebody@example.org")
    worlds.consent(person)
    return worlds, worlds.get(RoomService).open_by_hand(person, staff_id=lead.id), lead


def told(world):
    world.get(FollowUps).run()
    world.get(Outbox).send_due()
    return [(one["To"], one["Subject"]) for one in world.sent]


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.BROKEN_OFF])
def test_who_has_talked_is_thanked_once(interviewed, outcome):
    world, room, lead = interviewed
    world.get(RoomService).mark(room, outcome, "", staff_id=lead.id)
    assert told(world) == []
    world.clock.forward(seconds=SECOND_THOUGHTS.total_seconds())
    for _ in range(2):
        assert told(world) == [("somebody@example.org", "Thank you")]


def test_a_mark_that_was_set_right_in_time_thanks_nobody(interviewed):
    world, room, lead = interviewed
    world.get(RoomService).mark(room, Outcome.DONE, "", staff_id=lead.id)
    world.clock.forward(minutes=5)
    world.get(RoomService).mark(room, Outcome.NOT_ATTENDED, "", staff_id=lead.id)
    world.clock.forward(hours=1)
    assert told(world) == []


def test_a_recording_that_failed_alarms_those_who_can_look_once(interviewed):
    world, room, lead = interviewed
    auditor = world.member(Role.AUDITOR)
    with world.get(Database).transaction() as session:
        session.add(RoomEventRow(room_id=room.id, line=1, kind="recording_failed", detail="{}", at=world.clock()))
    for _ in range(2):
        assert told(world) == [(lead.email, "Recording: please look now")]
    assert auditor.email not in {to for to, _ in told(world)}
    world.clock.forward(seconds=timedelta(days=2).total_seconds())
    assert world.get(FollowUps).run() == 0
