"""Where recording is paused or stopped before it began, nobody is told of a recording, and none is on record."""

import asyncio

import pytest

from bench.rooms.client import Client
from bench.rooms.ours import Ours

CALLED_OFF = "recording_called_off"


@pytest.mark.parametrize("ask", ["pause_please", "distress", "stop_recording", "record_stop", "need_to_stop"])
def test_what_never_began_is_neither_paused_nor_stopped(ask):
    asyncio.run(_called_off(ask))


async def _called_off(ask: str) -> None:
    async with Ours(record=False) as ours:
        pair = await ours.room(0)
        for client in pair:
            client.heard = client.messages.append  # nobody's page confirms that it shows the notice
        pair[0].say("record_start")
        await _state(pair[1], "starting")
        pair[0 if ask in ("distress", "record_stop") else 1].say(ask)
        assert (await pair[0].until(lambda one: one.get("code") == CALLED_OFF))["person"] is None
        pair[0].messages.clear()
        pair[0].say("hello")
        told = await _state(pair[0], "off")
        assert told["recording"]["paused_by"] is None
        codes = {one.get("code") for client in pair for one in client.messages}
        assert not codes & {"recording_paused", "recording_stopped"}
        await asyncio.to_thread(ours.media.stop)
        events = [one["event"] for one in ours.media.journal("room0")]
        assert "admitted" in events
        assert not [one for one in events if one.startswith("recording_")]
        await asyncio.to_thread(ours.media.start)
        for client in pair:
            await client.close()


def test_a_pause_while_a_recording_is_about_to_go_on_stays_one():
    asyncio.run(_about_to_go_on())


async def _about_to_go_on() -> None:
    async with Ours() as ours:
        pair = await ours.room(0)
        for client in pair:
            client.heard = client.messages.append
        pair[0].say("record_pause")
        await _state(pair[1], "paused")
        pair[0].say("record_resume")
        await _state(pair[1], "starting")
        pair[1].messages.clear()
        pair[1].say("pause_please")
        await _state(pair[1], "paused")
        assert "recording_paused" in {one.get("code") for one in pair[1].messages}
        for client in pair:
            await client.close()


async def _state(client: Client, state: str) -> dict:
    return await client.until(lambda one: one["type"] == "room" and one["recording"]["state"] == state)
