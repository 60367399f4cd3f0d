"""A line to who waits is kept until her page has shown it, and its writer's page tells which of the two is so."""

import asyncio
import time
from functools import partial

from bench.rooms.client import Client, pump
from bench.rooms.ours import Ours


def test_a_line_is_kept_until_it_is_shown():
    asyncio.run(_shown())


async def _shown() -> None:
    async with Ours(record=False) as ours:
        interviewer = await _in(ours, "i1")
        assert await _write(interviewer, "nobody") == "nobody_waits"
        waiting = await _in(ours, "p1")
        await _stands(interviewer, None)
        assert await _write(interviewer, "first") is None
        await _stands(interviewer, "sent")
        line = (await waiting.until(lambda one: one.get("text") == "first"))["line"]
        waiting.say("shown", line=line)
        await _stands(interviewer, "shown")
        waiting.say("shown", line="1", id="no number")
        assert (await waiting.until(lambda one: one.get("id") == "no number"))["code"] == "bad_message"

        await waiting.close()  # as a phone that is gone, which media has yet to notice
        assert await _write(interviewer, "second") is None
        await _stands(interviewer, "sent")
        back = await _in(ours, "p1")
        again = await back.until(lambda one: one.get("text") == "second")
        assert _texts(back) == ["second"]
        assert again["line"] > line
        back.say("shown", line=again["line"])
        await _stands(interviewer, "shown")
        for client in (interviewer, back):
            await client.close()


def test_who_has_gone_before_it_was_shown_gets_it_once_she_is_back_and_its_writer_is_told():
    asyncio.run(_gone())


async def _gone() -> None:
    async with Ours(record=False) as ours:
        interviewer, waiting = await _in(ours, "i1"), await _in(ours, "p1")
        assert await _write(interviewer, "first") is None
        await waiting.until(lambda one: one.get("text") == "first")
        waiting.say("leave")
        assert (await interviewer.until(lambda one: one.get("code") == "line_waits"))["person"] == "p1"
        assert await _write(interviewer, "nobody") == "nobody_waits"
        back = await _in(ours, "p1")
        await back.until(lambda one: one.get("text") == "first")
        for client in (interviewer, waiting, back):
            await client.close()


def test_after_a_crash_its_writer_can_tell_and_say_it_again_without_doubling_it():
    asyncio.run(_crashed())


async def _crashed() -> None:
    async with Ours(record=False) as ours:
        interviewer, waiting = await _in(ours, "i1"), await _in(ours, "p1")
        assert await _write(interviewer, "first", name="a") is None
        assert (await waiting.until(lambda one: one.get("text") == "first"))["name"] == "a"
        assert all("lines" not in one or one["lines"] is None for one in waiting.messages)
        before = _memory(interviewer)
        assert await _write(interviewer, "second", name="b") is None
        assert _memory(interviewer) == before
        for client in (interviewer, waiting):
            await client.close()
        await asyncio.to_thread(ours.media.kill)
        await asyncio.to_thread(ours.media.start)

        interviewer, waiting = await _in(ours, "i1"), await _in(ours, "p1")
        await _stands(interviewer, None)
        assert _memory(interviewer) not in (None, before)
        for _ in range(2):
            assert await _write(interviewer, "first", name="a", to="p1") is None
        assert await _write(interviewer, "third") is None
        await waiting.until(lambda one: one.get("text") == "third")
        assert _texts(waiting) == ["first", "third"]
        assert await _write(interviewer, "no name", name=7) == "bad_message"
        for client in (interviewer, waiting):
            await client.close()


def test_who_waits_gets_it_also_after_her_connection_was_lost():
    asyncio.run(_lost())


async def _lost() -> None:
    async with Ours(record=False) as ours:
        interviewer = await _in(ours, "i1")
        interviewer.begin(time.monotonic())
        pumping = asyncio.create_task(pump([interviewer], time.monotonic() + 120))  # or it would count as lost, too
        waiting = await _in(ours, "p1")
        await waiting.close()
        await _noticed(ours)
        told = await interviewer.until(lambda one: any(not her["connected"] for her in one.get("waiting", ())))
        assert told["waiting"][0]["person"] == "p1"
        assert await _write(interviewer, "third") is None
        back = await _in(ours, "p1")
        await back.until(lambda one: one.get("text") == "third")
        assert _texts(back) == ["third"]
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


async def _write(client: Client, text: str, **more: object) -> str | None:
    """Gives why it was refused, or nothing."""
    client.messages.clear()
    number = f"{text} {time.monotonic()}"
    client.say("message", id=number, text=text, **more)
    return (await client.until(lambda one: one.get("id") == number)).get("code")


def _memory(client: Client) -> str | None:
    """Which memory of lines the writer's page was told of last."""
    return next(one["lines"] for one in reversed(client.messages) if one["type"] == "room")


async def _stands(client: Client, state: str | None) -> None:
    """The writer's page is told how the newest line to her who waits stands."""
    await client.until(lambda one: [her["line"] for her in one.get("waiting", ())] == [state])


def _texts(client: Client) -> list[str]:
    return [one["text"] for one in client.messages if one["type"] == "message"]


async def _noticed(ours: Ours) -> None:
    deadline = time.monotonic() + 60
    while not any(one["event"] == "lost" for one in ours.media.journal("room0")):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
