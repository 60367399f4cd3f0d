"""Whoever is still in a room when its outcome is marked is told that it is over."""

import pytest

from portal.rooms.closing import Closing
from portal.rooms.domain import Outcome
from portal.rooms.errors import MediaAway
from portal.rooms.service import RoomService
from tests.support.media import media as stand_in_media

NOBODY = {"outcome": "not_attended", "reason": "Nobody came"}


def kept(world, room, member, fields):
    world.clock.forward(seconds=60)
    desk = world.sign_in(member)
    address = f"/workspace/interviews/{room.code}/outcome"
    page = desk.get(address)
    desk.submit(page, fields)
    return page, desk.get(address)


def test_who_still_waits_is_told_at_once(in_room, media, world):
    _, _, room, member = in_room
    page, after = kept(world, room, member, NOBODY)
    assert "the call ends for everybody who is still in it" in page.text
    assert "the call ends for everybody" not in after.text
    assert media.asked == [(f"/rooms/{room.code}/end", {"reason": "ended"})]
    assert world.get(RoomService).room(room.code).ended
    assert world.get(Closing).run() == 0


def test_while_media_is_away_the_outcome_is_kept_and_the_room_ended_later(in_room, world):
    _, _, room, member = in_room
    kept(world, room, member, NOBODY)
    assert world.get(RoomService).room(room.code).outcome is Outcome.NOT_ATTENDED
    with pytest.raises(MediaAway):
        world.get(Closing).run()
    with stand_in_media(world.settings.instance, world.clock) as media:
        assert [world.get(Closing).run(), world.get(Closing).run()] == [1, 0]
        assert media.asked == [(f"/rooms/{room.code}/end", {"reason": "ended"})]


def test_rooms_without_a_mark_and_of_long_ago_are_left_alone(in_room, world):
    _, _, room, member = in_room
    assert world.get(Closing).run() == 0
    world.get(RoomService).mark(room, Outcome.DONE, "", staff_id=member.id)
    world.clock.forward(hours=4 + 25)
    assert world.get(Closing).run() == 0
