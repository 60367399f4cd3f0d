"""A room ends by the clock only while nobody talks in it, and everybody in it is told why."""

import asyncio
import time
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from bench.rooms.client import Client
from bench.rooms.ours import Ours
from portal.rooms.media.house import LOST_FOR, House
from portal.rooms.media.journal import Journals
from portal.rooms.media.members import Member
from portal.rooms.media.room import Room
from portal.rooms.media.state import State, read
from portal.rooms.tickets import Role
from tests.rooms.media.crash import after_a_crash

HOURS = {"reason": "hours", "spare_talk": True}


def room_of(people, state=None):
    room = Room("r1", Mock(), state or State(), record=lambda _: Mock(), ended=Mock())
    for person, (role, admitted, connection) in people.items():
        ticket = SimpleNamespace(person=person, role=role)
        room.members[person] = Member(ticket, admitted, Mock(state=connection))
    return room


BOTH = {"p1": (Role.PARTICIPANT, True, "connected"), "s1": (Role.INTERVIEWER, True, "connected")}


@pytest.mark.parametrize(
    ("changes", "talks"),
    [
        ({}, True),
        ({"p1": (Role.PARTICIPANT, True, "closed")}, False),
        ({"p1": (Role.PARTICIPANT, False, "connected")}, False),
        ({"p1": (Role.INTERPRETER, True, "connected")}, False),
        ({"s1": (Role.INTERPRETER, True, "connected")}, False),
        ({"s1": (Role.INTERVIEWER, True, "closed")}, False),
        ({"s1": (Role.CO_INTERVIEWER, True, "connected")}, True),
    ],
    ids=repr,
)
def test_it_is_a_talk_where_the_participant_is_in_a_call_with_the_team(changes, talks):
    assert room_of(BOTH | changes).talks(time.monotonic(), LOST_FOR) is talks


@pytest.mark.parametrize("gone", ["p1", "s1"])
def test_whoever_is_away_for_a_moment_has_time_to_come_back(gone):
    room, now = room_of(BOTH), time.monotonic() + 1000
    assert room.talks(now, LOST_FOR)
    del room.members[gone]
    assert room.talks(now + LOST_FOR - 1, LOST_FOR)
    assert not room.talks(now + LOST_FOR + 1, LOST_FOR)


def test_who_talked_when_the_process_died_has_time_to_come_back():
    room, now = room_of({}, State(talk_since=time.time() - 600)), time.monotonic()
    assert room.talks(now + LOST_FOR - 1, LOST_FOR)
    assert not room.talks(now + LOST_FOR + 1, LOST_FOR)


def test_who_waits_is_told_why_and_the_room_is_over():
    asyncio.run(_waits())


async def _waits() -> None:
    async with Ours(record=False) as ours:
        interviewer, waiting = await _in(ours, "i1"), await _in(ours, "p1")
        assert await _ask(ours, "end", HOURS) == {"done": True}
        for client in (interviewer, waiting):
            assert (await client.until(lambda one: one["type"] == "ended"))["reason"] == "hours"
        assert await _ask(ours, "end", HOURS) == {"done": True}
        late = Client("p1")
        with pytest.raises(ConnectionError, match="room_ended"):
            await late.join(partial(ours.join, "room0", "p1"))
        for client in (interviewer, waiting, late):
            await client.close()


def test_a_room_that_nobody_came_to_is_over_and_was_never_opened():
    asyncio.run(_nobody())


async def _nobody() -> None:
    async with Ours(record=False) as ours:
        assert await _ask(ours, "end", HOURS) == await _ask(ours, "end", HOURS) == {"done": True}
        assert [(one["event"], one["reason"]) for one in ours.media.journal("room0")] == [("ended", "hours")]


def test_who_is_put_out_of_a_room_may_come_into_it_again():
    asyncio.run(_cleared())


async def _cleared() -> None:
    async with Ours(record=False) as ours:
        waiting = await _in(ours, "p1")
        assert await _ask(ours, "clear", {"reason": "moved"}) == {"done": True}
        assert (await waiting.until(lambda one: one["type"] == "ended"))["reason"] == "moved"
        back = await _in(ours, "p1")
        assert not (await back.until(lambda one: one["type"] == "room"))["admitted"]
        for client in (waiting, back):
            await client.close()


@pytest.mark.parametrize("put_away", [False, True])
def test_who_was_let_in_before_it_was_moved_waits_to_be_let_in_at_the_new_time(tmp_path, put_away):
    journals = Journals(tmp_path, lambda: datetime.now(UTC))
    for event in ("joined", "admitted", "left", *["put_away"] * put_away):
        journals.note("r1", event, person="p1", role="participant")
    house = House(None, b"", journals, tmp_path, lambda: datetime.now(UTC))
    assert read(journals.lines("r1")).admitted == {"p1"}
    assert house.clear("r1", "moved")
    assert house.clear("r1", "moved")
    left = read(journals.lines("r1"))
    assert (left.admitted, left.in_use, left.talk_since) == (set(), False, None)
    assert [line["event"] for line in journals.lines("r1")].count("cleared") == 1
    journals.close()


def test_that_everybody_was_put_out_is_written_down_once_for_all_who_came():
    asyncio.run(_written())


async def _written() -> None:
    async with Ours(record=False) as ours:
        await _clear_twice(ours)
        assert _events(ours) == []
        for crash in (False, True):
            waiting = await _in(ours, "p1")
            await _last(ours, "joined")
            if crash:
                await asyncio.to_thread(ours.media.kill)
                await asyncio.to_thread(ours.media.start)
            await _clear_twice(ours)
            await waiting.close()
            await _last(ours, "cleared")
        assert [one for one in _events(ours) if one in ("joined", "cleared")] == ["joined", "cleared"] * 2


async def _clear_twice(ours: Ours) -> None:
    for _ in range(2):
        assert await _ask(ours, "clear", {"reason": "by_phone"}) == {"done": True}


async def _last(ours: Ours, event: str) -> None:
    """The journal is written in a thread of its own."""
    deadline = time.monotonic() + 60
    while [one for one in _events(ours) if one in ("joined", "cleared")][-1:] != [event]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def _events(ours: Ours) -> list[str]:
    return [one["event"] for one in ours.media.journal("room0")]


def test_a_talk_is_spared_also_after_a_crash_and_its_time_runs_on():
    asyncio.run(_spared())


async def _spared() -> None:
    async with Ours(record=False) as ours:
        pair = await ours.room(0)
        for client in pair:
            client.heard = client.messages.append
        assert await _ask(ours, "end", HOURS) == await _ask(ours, "clear", {"reason": "moved"}) == {"done": False}
        began = await _began(pair[0])
        again = await after_a_crash(ours, pair)
        assert await _ask(ours, "end", HOURS) == {"done": False}
        assert abs(await _began(again[0]) - began) < 1
        assert abs(began - time.time()) < 120
        assert await _ask(ours, "end", {"reason": "done"}) == {"done": True}
        for client in again:
            assert (await client.until(lambda one: one["type"] == "ended"))["reason"] == "done"
            await client.close()


async def _began(interviewer: Client) -> float:
    """Since when they talk, by the room's own clock, as who runs the room is told."""
    interviewer.say("hello")
    told = await interviewer.until(lambda one: one["type"] == "room")
    return float(told["talk_since"])


async def _in(ours: Ours, person: str) -> Client:
    client = Client(person)
    await client.join(partial(ours.join, "room0", person), share=person == "i1")
    await asyncio.wait_for(client.opened.wait(), 60)
    await client.until(lambda one: one["type"] == "room")
    return client


async def _ask(ours: Ours, what: str, body: dict[str, object]) -> object:
    status, answer = await asyncio.to_thread(ours.media.request, "POST", f"/rooms/room0/{what}", body)
    assert status == 200
    return answer
