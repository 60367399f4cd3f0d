"""Private notes and the topic guide's ticks."""

import pytest
from sqlalchemy import text

from portal.db.engine import Database
from portal.rooms.errors import NoteOverwritten, TopicUnknown
from portal.rooms.notes import Notebook
from portal.rooms.service import RoomService


@pytest.fixture
def desk(consented_on_both):
    world, person = consented_on_both
    member = world.member()
    return world, world.get(RoomService).open_by_hand(person, staff_id=member.id), member, world.get(Notebook)


def test_notes_are_kept_sealed_and_only_for_their_writer(desk):
    world, room, member, notebook = desk
    assert notebook.note(room, member.id).text == ""
    assert notebook.keep(room, member.id, "She spoke softly", 0) == 1
    assert notebook.keep(room, member.id, "She spoke softly of it", 1) == 2
    assert notebook.note(room, member.id).text == "She spoke softly of it"
    assert notebook.note(room, world.member().id).text == ""
    with world.get(Database).reading() as session:
        kept = session.execute(text("SELECT text FROM room_note")).scalar_one()
    assert b"softly" not in bytes(kept)


def test_two_windows_lose_nothing(desk):
    _, room, member, notebook = desk
    notebook.keep(room, member.id, "first window", 0)
    with pytest.raises(NoteOverwritten) as error:
        notebook.keep(room, member.id, "second window", 0)
    assert (error.value.text, error.value.revision) == ("first window", 1)
    assert notebook.keep(room, member.id, "first window\n\nsecond window", error.value.revision) == 2


def test_the_same_text_twice_is_no_conflict(desk):
    _, room, member, notebook = desk
    notebook.keep(room, member.id, "once", 0)
    assert notebook.keep(room, member.id, "once", 0) == 2


def test_a_text_that_is_far_too_long_is_refused(desk):
    _, room, member, notebook = desk
    with pytest.raises(ValueError, match="too long"):
        notebook.keep(room, member.id, "x" * 50_001, 0)


def test_ticks_carry_the_place_in_the_recording(desk):
    _, room, member, notebook = desk
    notebook.tick(room, member.id, "opening", done=True, recording_ms=61_500)
    notebook.tick(room, member.id, "opening", done=True, recording_ms=99_000)
    notebook.tick(room, member.id, "closing", done=True, recording_ms=None)
    assert {one.topic: one.recording_ms for one in notebook.ticks(room).values()} == {
        "opening": 61_500,
        "closing": None,
    }
    notebook.tick(room, member.id, "opening", done=False, recording_ms=None)
    assert set(notebook.ticks(room)) == {"closing"}


def test_only_the_guide_s_topics_can_be_ticked(desk):
    _, room, member, notebook = desk
    with pytest.raises(TopicUnknown):
        notebook.tick(room, member.id, "no-such-topic", done=True, recording_ms=None)
