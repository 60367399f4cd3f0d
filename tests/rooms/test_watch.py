"""A withdrawal reaches the room at once, and again until it was heard."""

import pytest

from portal.consent.service import ConsentService
from portal.rooms.closing import Closing
from portal.rooms.errors import MediaAway
from portal.rooms.service import RoomService
from portal.rooms.watch import ConsentWatch
from tests.support.media import media as stand_in_media


@pytest.fixture
def call(consented):
    world, person = consented
    return world, person, world.get(RoomService).open_by_hand(person, staff_id=world.member().id)


@pytest.mark.parametrize(
    ("level", "discard", "ends"),
    [("stop-recording", False, False), ("stop-keep", False, True), ("stop-remove", True, True)],
)
def test_it_is_carried_at_once(call, level, discard, ends):
    world, person, room = call
    with stand_in_media(world.settings.instance, world.clock) as media:
        world.get(ConsentService).withdraw(person, level)
        expected = [(f"/rooms/{room.code}/withdraw", {"person": "p1", "discard": discard})]
        if ends:
            expected.append((f"/rooms/{room.code}/end", {"reason": "withdrawn"}))
        assert media.asked == expected
        assert world.get(ConsentWatch).run() == 0
    assert world.get(RoomService).room(room.code).ended is ends


def test_what_has_nothing_to_do_with_the_call_is_not_carried(call):
    world, person, _ = call
    with stand_in_media(world.settings.instance, world.clock) as media:
        world.get(ConsentService).withdraw(person, "stop-contact")
        assert media.asked == []


def test_a_media_process_that_was_away_is_told_later(call):
    world, person, room = call
    assert world.get(ConsentService).withdraw(person, "stop-recording").startswith("W-")
    with pytest.raises(MediaAway):
        world.get(ConsentWatch).run()
    with stand_in_media(world.settings.instance, world.clock) as media:
        assert world.get(ConsentWatch).run() == 1
        assert world.get(ConsentWatch).run() == 0
        assert [path for path, _ in media.asked] == [f"/rooms/{room.code}/withdraw"]


def test_a_second_withdrawal_is_carried_too(call):
    world, person, _ = call
    with stand_in_media(world.settings.instance, world.clock) as media:
        world.get(ConsentService).withdraw(person, "stop-recording")
        world.clock.forward(seconds=5)
        world.get(ConsentService).withdraw(person, "stop-remove")
        assert [body for path, body in media.asked if path.endswith("/withdraw")] == [
            {"person": "p1", "discard": False},
            {"person": "p1", "discard": True},
        ]


def test_rooms_that_are_over_are_left_alone(call):
    world, person, _ = call
    world.clock.forward(hours=5)
    with stand_in_media(world.settings.instance, world.clock) as media:
        assert world.get(Closing).run() == 1
        media.asked.clear()
        world.get(ConsentService).withdraw(person, "stop-remove")
        assert media.asked == []


def test_a_call_that_goes_on_after_its_hours_hears_of_it(call):
    world, person, room = call
    world.clock.forward(hours=5)
    with stand_in_media(world.settings.instance, world.clock) as media:
        media.talks = True
        assert world.get(Closing).run() == 0
        world.get(ConsentService).withdraw(person, "stop-recording")
        assert (f"/rooms/{room.code}/withdraw", {"person": "p1", "discard": False}) in media.asked
