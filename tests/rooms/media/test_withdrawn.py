"""Consent to record is withdrawn in the call, and what was recorded so far is kept: nothing more is recorded."""

import asyncio

from bench.rooms.client import Client
from bench.rooms.ours import Ours
from tests.rooms.media.crash import after_a_crash

WITHDRAWN = {"person": "p1", "discard": False}


def test_nobody_records_the_room_again_not_even_after_a_crash():
    asyncio.run(_withdrawn())


async def _withdrawn() -> None:
    async with Ours() as ours:
        pair = await ours.room(0)
        for client in pair:
            client.heard = client.messages.append
        assert (await asyncio.to_thread(ours.media.request, "POST", "/rooms/room0/withdraw", WITHDRAWN))[0] == 200
        await _refused(pair)
        again = await after_a_crash(ours, pair)
        await _refused(again)
        for client in again:
            await client.close()


async def _refused(pair: list[Client]) -> None:
    """Her page and the interviewer's say that it cannot be recorded, and it cannot."""
    for client in pair:
        told = await client.until(
            lambda one: one["type"] == "room" and not one["recording"]["possible"] and len(one["people"]) == 2
        )
        assert {one["person"]: one["may_be_recorded"] for one in told["people"]} == {"i1": True, "p1": False}
    pair[0].say("record_start", id="once-more")
    answer = await pair[0].until(lambda one: one.get("id") == "once-more")
    assert answer.get("code") == "consent_withdrawn"
