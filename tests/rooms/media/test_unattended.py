"""Who is left alone in a room is not recorded for long."""

import time
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from portal.rooms.media.house import UNATTENDED_FOR
from portal.rooms.media.members import Member
from portal.rooms.media.room import Room
from portal.rooms.media.state import State
from portal.rooms.tickets import Role


def room_of(roles, state):
    room = Room("r1", Mock(), State(), record=lambda _: Mock(state=state), ended=Mock())
    for person, (role, connection) in roles.items():
        ticket = SimpleNamespace(person=person, role=role)
        room.members[person] = Member(ticket, True, Mock(state=connection))
    return room


SHE = {"p1": (Role.PARTICIPANT, "connected")}


@pytest.mark.parametrize(
    ("others", "state", "paused"),
    [
        ({}, "running", True),
        ({}, "starting", True),
        ({}, "paused", False),
        ({}, "off", False),
        ({"g1": (Role.INTERPRETER, "connected")}, "running", True),
        ({"s1": (Role.INTERVIEWER, "closed")}, "running", True),
        ({"s1": (Role.INTERVIEWER, "connected")}, "running", False),
        ({"s2": (Role.CO_INTERVIEWER, "connected")}, "running", False),
    ],
    ids=repr,
)
def test_a_recording_pauses_where_nobody_of_the_team_is_here(others, state, paused):
    room, began = room_of(SHE | others, state), time.monotonic()
    room.pause_unattended(began + UNATTENDED_FOR - 5, UNATTENDED_FOR)
    assert not room.recorder.pause.called
    room.pause_unattended(began + UNATTENDED_FOR + 5, UNATTENDED_FOR)
    assert room.recorder.pause.called is paused


def test_whoever_is_back_within_a_minute_finds_it_going_on():
    room, began = room_of(SHE | {"s1": (Role.INTERVIEWER, "connected")}, "running"), time.monotonic()
    room.pause_unattended(began + 1000, UNATTENDED_FOR)
    room.members["s1"].peer = None
    room.pause_unattended(began + 1050, UNATTENDED_FOR)
    assert not room.recorder.pause.called
    room.pause_unattended(began + 1065, UNATTENDED_FOR)
    assert room.recorder.pause.called
