"""The media process's journal becomes facts, each line once."""

import json

import pytest
from sqlalchemy import text

from portal.audit.service import AuditLog
from portal.db.engine import Database
from portal.rooms.catalogue import RoomCatalogue
from portal.rooms.service import RoomService


@pytest.fixture
def journal(consented):
    return _journal(*consented)


@pytest.fixture
def journal_on_both(consented_on_both):
    return _journal(*consented_on_both)


def _journal(world, person):
    room = world.get(RoomService).open_by_hand(person, staff_id=world.member().id)
    path = world.settings.instance / "rooms" / f"{room.code}.jsonl"
    path.parent.mkdir(exist_ok=True)

    def write(event, **fields):
        line = {"at": world.clock().isoformat(), "room": room.code, "event": event, **fields}
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    return world, room, path, write


def kinds(world, room):
    return [one.kind for one in world.get(RoomCatalogue).events(room.id)]


def test_lines_are_taken_over_once_and_in_order(journal_on_both):
    world, room, _, write = journal_on_both
    write("opened")
    write("admitted", person="p1", role="participant")
    assert world.get(RoomCatalogue).run() == 2
    write("recording_started", recording="C-0001-1", seconds=0.0, by="s1")
    write("recording_stopped", recording="C-0001-1", seconds=61.5, by="p1")
    assert world.get(RoomCatalogue).run() == 2
    assert world.get(RoomCatalogue).run() == 0
    assert kinds(world, room) == ["opened", "admitted", "recording_started", "recording_stopped"]
    log = [(one.kind, one.fields) for one in reversed(world.get(AuditLog).newest(3))]
    assert log == [
        ("rooms.admitted", {"person": "p1", "role": "participant"}),
        ("rooms.recording_started", {"recording": "C-0001-1", "by": "s1"}),
        ("rooms.recording_stopped", {"recording": "C-0001-1", "by": "p1", "reason": ""}),
    ]


def test_half_a_line_waits_for_its_other_half(journal):
    world, room, path, write = journal
    write("opened")
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    assert world.get(RoomCatalogue).run() == 1
    path.write_bytes(whole + whole)
    assert world.get(RoomCatalogue).run() == 1
    assert kinds(world, room) == ["opened", "opened"]


MOMENT = b'"at": "2026-11-24T10:00:00Z"'


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"7", b'{"event": "x"}', b'{"at": "yesterday", "event": "x"}', b"\xff\xfe", b"null",
     b'{"at": "2026-11-24T10:00:00", "event": "no zone"}', b"{" + MOMENT + b', "event": "' + b"x" * 50 + b'"}',
     b"{" + MOMENT + b', "event": "x", "a": "' + b"y" * 2000 + b'"}'],
    ids=repr,
)  # fmt: skip
def test_a_line_that_cannot_be_read_holds_up_no_other(journal, line):
    world, room, path, write = journal
    path.write_bytes(line + b"\n")
    write("opened")
    assert world.get(RoomCatalogue).run() == 2
    assert kinds(world, room) == ["unreadable", "opened"]


def test_ended_for_all_shuts_the_room(journal):
    world, room, _, write = journal
    write("ended", reason="ended")
    world.get(RoomCatalogue).run()
    assert world.get(RoomService).room(room.code).ended


def test_an_old_room_is_not_looked_at_for_ever(journal):
    world, room, _, write = journal
    world.clock.forward(hours=6)
    write("joined", person="p1")  # people may come back into a call that goes on over its hours
    assert world.get(RoomCatalogue).run() == 1
    world.clock.forward(hours=24)
    world.get(RoomCatalogue).run()
    write("opened")
    assert world.get(RoomCatalogue).run() == 0
    assert kinds(world, room) == ["joined"]


@pytest.mark.parametrize("gone", ["cleared", "put_away", "ended"])
def test_a_room_is_in_use_from_when_somebody_comes_until_all_are_gone(journal_on_both, gone):
    world, room, _, write = journal_on_both
    catalogue = world.get(RoomCatalogue)

    def in_use_after(*events):
        for event in events:
            write(event, person="p1")
        catalogue.run()
        return catalogue.in_use(room.id)

    assert not in_use_after("opened")
    assert in_use_after("joined", "admitted", "left")
    assert not in_use_after(gone)
    assert in_use_after("opened", "joined")


def test_what_was_catalogued_cannot_be_changed(journal_on_both):
    world, _, _, write = journal_on_both
    write("opened")
    world.get(RoomCatalogue).run()
    with pytest.raises(Exception, match="only ever added"), world.get(Database).transaction() as session:
        session.execute(text("UPDATE room_event SET kind = 'other'"))
