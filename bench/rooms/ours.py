"""Our own media process under load: rooms of two invented clients, admitted and recorded."""

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import aiohttp

from bench.rooms.client import Client
from portal.rooms.tickets import issue
from tests.support.rooms import Media, Study


class Ours:
    """The media process, with everything that the web process would do for it."""

    name = "portal"

    def __init__(self, *, prefix: tuple[str, ...] = (), record: bool = True) -> None:
        self._folder = TemporaryDirectory(ignore_cleanup_errors=True)
        self.instance = Path(self._folder.name) / "instance"
        self.media = Media(self.instance, prefix=prefix, public_url="http://127.0.0.1:8080")
        self.study = Study()
        self.record = record
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.media.start)
        self._session = aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self.media.socket)))
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._session is not None:
            await self._session.close()
        await asyncio.to_thread(self.media.stop)
        self._folder.cleanup()

    async def join(self, room: str, person: str, offer: str, **changes: Any) -> str:
        """What web does with an offer."""
        ticket = issue(self.study.ticket(room, person, **changes), self.media.key)
        body = {"ticket": ticket, "offer": {"type": "offer", "sdp": offer}}
        assert self._session is not None
        async with self._session.post(f"http://media/rooms/{room}/join", json=body) as answer:
            told = await answer.json()
            if answer.status != 200:
                raise ConnectionError(told["error"])
            return str(told["answer"]["sdp"])

    async def room(self, number: int) -> list[Client]:
        """A room of two who see each other and are recorded."""
        room = f"room{number}"
        pair = [Client("i1"), Client("p1")]
        for client in pair:
            _answer_notices(client)
            await client.join(partial(self.join, room, client.name), share=client.name == "i1")
            await asyncio.wait_for(client.opened.wait(), 60)
        pair[0].say("admit", person="p1")
        await pair[1].until(lambda one: one["type"] == "room" and one["admitted"])
        if self.record:
            pair[0].say("record_start")
            await pair[0].until(lambda one: one["type"] == "room" and one["recording"]["state"] == "running")
        for client in pair:
            client.messages.clear()
            client.heard = _ignore
        return pair

    def cpu(self) -> float:
        """Seconds of processor time that the process has used."""
        return self.media.cpu()

    def memory(self) -> int:
        """Resident bytes."""
        return self.media.memory()


def _answer_notices(client: Client) -> None:
    def heard(message: dict[str, Any]) -> None:
        client.messages.append(message)
        notice = message.get("notice") or message.get("recording", {}).get("notice")
        if notice and message["type"] in ("announcement", "room"):
            with suppress(ConnectionError):
                client.say("told", notice=notice)

    client.heard = heard


def _ignore(_message: dict[str, Any]) -> None:
    pass
