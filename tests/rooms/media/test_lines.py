"""A line to who waits is read, or its writer is told that it is not."""

import asyncio
import time
from functools import partial

from bench.rooms.client import Client, pump
from bench.rooms.ours import Ours


def test_who_waits_gets_it_also_after_her_connection_was_lost():
    asyncio.run(_written())


async def _written() -> None:
    async with Ours(record=False) as ours:
        interviewer = await _in(ours, "i1")
        interviewer.begin(time.monotonic())
        pumping = asyncio.create_task(pump([interviewer], time.monotonic() + 120))  # or it would count as lost, too
        assert await _write(interviewer, "first") == "nobody_waits"
        waiting = await _in(ours, "p1")
        assert await _write(interviewer, "second") is None
        await waiting.until(lambda one: one.get("text") == "second")
        await waiting.close()
        await _lost(ours)
        assert await _write(interviewer, "third") is None
        back = await _in(ours, "p1")
        await back.until(lambda one: one.get("text") == "third")
        assert [one["text"] for one in back.messages if one["type"] == "message"] == ["third"]
        pumping.cancel()
        await asyncio.gather(pumping, return_exceptions=True)
        for client in (interviewer, back):
            await client.close()


async def _in(ours: Ours, person: str) -> Client:
    client = Client(person)
    await client.join(partial(ours.join, "room0", person), share=person == "i1")
    await asyncio.wait_for(client.opened.wait(), 60)
    await client.until(lambda one: one["type"] == "room")
    return client


async def _write(client: Client, text: str) -> str | None:
    """Gives why it was refused, or nothing."""
    client.say("message", id=text, text=text)
    return (await client.until(lambda one: one.get("id") == text)).get("code")


async def _lost(ours: Ours) -> None:
    deadline = time.monotonic() + 60
    while not any(one["event"] == "lost" for one in ours.media.journal("room0")):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
