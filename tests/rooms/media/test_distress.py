"""In a pause for distress nothing is recorded and the pictures are blurred, whatever happens, until it is ended."""

import asyncio

from bench.rooms.client import Client
from bench.rooms.ours import Ours
from tests.rooms.media.crash import after_a_crash


def test_nothing_is_recorded_before_it_is_over_and_a_crash_does_not_end_it():
    asyncio.run(_paused())


async def _paused() -> None:
    async with Ours() as ours:
        pair = await ours.room(0)
        for client in pair:
            client.heard = client.messages.append
        pair[0].say("distress")
        await pair[1].until(lambda one: one["type"] == "room" and one["distress"])
        await _refused(pair[0], "record_resume")
        again = await after_a_crash(ours, pair)
        for client in again:
            told = await client.until(lambda one: one["type"] == "room")
            assert told["distress"]
        await _refused(again[0], "record_resume")
        await _refused(again[0], "record_start")
        again[0].say("distress_over")
        await again[1].until(lambda one: one["type"] == "room" and not one["distress"])
        again[0].say("record_resume", id="after")
        assert (await again[0].until(lambda one: one.get("id") == "after"))["type"] == "done"
        for client in again:
            await client.close()


async def _refused(client: Client, kind: str) -> None:
    client.say(kind, id=kind)
    assert (await client.until(lambda one: one.get("id") == kind)).get("code") == "distress"
    client.messages.clear()
