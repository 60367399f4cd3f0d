"""Whether a wish to stop is of now, or from before she came back."""

import time
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from portal.rooms.media.members import Member
from portal.rooms.media.room import Room
from portal.rooms.media.state import State
from portal.rooms.media.stopping import Wish
from portal.rooms.tickets import Role


@pytest.mark.parametrize(("connected_after", "out"), [(-60, True), (0.4, True), (1.5, True), (10, False)])
def test_she_is_let_out_unless_she_came_back_after_she_had_said_it(connected_after, out):
    """Her page may be connecting again as she says it, and it rounds how long ago that was."""
    said = time.time() - 20
    room = Room("r1", Mock(), State(admitted={"p1"}), record=lambda _: Mock(state="running"), ended=Mock())
    ticket = SimpleNamespace(person="p1", role=Role.PARTICIPANT)
    room.members["p1"] = Member(ticket, True, Mock(state="connected", slots=[]), since=said + connected_after)
    room.snapshot = Mock(return_value={})
    room.rewire = Mock()
    room.stop(Wish("p1", "participant", "her-wish-1", said, kept=True))
    assert ("p1" not in room.members) == out
    assert ("p1" in room.state.stopped) == out
    assert room.recorder.pause.called == out
