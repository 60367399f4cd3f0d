"""What is asked of a room over the data channel, by real clients of a real process."""

import asyncio

from bench.rooms.client import Client
from bench.rooms.ours import Ours


def test_what_is_said_again_over_another_connection_is_done_once():
    asyncio.run(_said_again())


async def _said_again() -> None:
    async with Ours(record=False) as ours:
        interviewer, first = await ours.room(0)
        for client in (interviewer, first):
            client.heard = client.messages.append
        first.say("pause_please", id="press-1")
        await first.until(lambda one: one.get("id") == "press-1")

        second = Client(first.name)
        second.heard = second.messages.append
        await second.join(lambda offer: ours.join("room0", first.name, offer))
        await asyncio.wait_for(second.opened.wait(), 30)
        second.say("pause_please", id="press-1")
        assert (await second.until(lambda one: one.get("id") == "press-1"))["type"] == "done"
        second.say("pause_please", id="press-2")
        second.say("leave")
        await interviewer.until(lambda one: one.get("code") == "left")
        assert asked(interviewer) == 2
        for client in (interviewer, first, second):
            await client.close()


def asked(client: Client) -> int:
    """How often the client was told that somebody asked for a pause."""
    return sum(one.get("code") == "pause_please" for one in client.messages)


def test_what_was_refused_may_be_asked_again():
    asyncio.run(_refused())


async def _refused() -> None:
    async with Ours(record=False) as ours:
        pair = await ours.room(0)
        participant = pair[1]
        participant.heard = participant.messages.append
        for _ in range(2):
            participant.messages.clear()
            participant.say("record_start", id="press-1")
            assert (await participant.until(lambda one: one.get("id") == "press-1"))["code"] == "not_allowed"
        for client in pair:
            await client.close()
