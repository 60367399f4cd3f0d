"""The media process dies and starts anew in the middle of a call."""

import asyncio
from functools import partial

from bench.rooms.client import Client
from bench.rooms.ours import Ours


async def after_a_crash(ours: Ours, pair: list[Client]) -> list[Client]:
    """The interviewer and the participant, who have joined the next process."""
    for client in pair:
        await client.close()
    await asyncio.to_thread(ours.media.kill)
    await asyncio.to_thread(ours.media.start)
    again = [Client("i1"), Client("p1")]
    for client in again:
        await client.join(partial(ours.join, "room0", client.name), share=client.name == "i1")
        await asyncio.wait_for(client.opened.wait(), 60)
    return again
