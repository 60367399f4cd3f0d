"""Debian's Janus, its videoroom recording the same load: two publishers in each room, each seen by the other."""

import asyncio
import secrets
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import aiohttp

from bench.rooms.client import Client, media_line
from tests.e2e.server import free_port
from tests.support.rooms import cpu_of, memory_of

_MAIN = """
general: {{ configs_folder = "{folder}", plugins_folder = "/usr/lib/x86_64-linux-gnu/janus/plugins",
  transports_folder = "/usr/lib/x86_64-linux-gnu/janus/transports", debug_level = 2,
  admin_secret = "{secret}", session_timeout = 0 }}
media: {{ ipv6 = false }}
nat: {{ ice_lite = true }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
"""
_HTTP = """
general: {{ json = "compact", base_path = "/janus", http = true, port = {port}, ip = "127.0.0.1", https = false }}
admin: {{ admin_http = false, admin_https = false }}
"""
_OTHERS = ("audiobridge", "duktape", "echotest", "lua", "nosip", "recordplay", "sip", "streaming", "textroom",
           "videocall", "voicemail")  # fmt: skip


class Janus:
    """The process, and as much of its API as two-person rooms need."""

    name = "janus"

    def __init__(self, *, prefix: tuple[str, ...] = ()) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._prefix = prefix
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._session: aiohttp.ClientSession | None = None
        self._pollers: list[asyncio.Task[None]] = []
        self._events: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def __aenter__(self) -> Self:
        folder = Path(self._folder.name)
        transports = ",".join(f"libjanus_{one}.so" for one in ("mqtt", "nanomsg", "pfunix", "rabbitmq", "websockets"))
        plugins = ",".join(f"libjanus_{one}.so" for one in _OTHERS)
        main = _MAIN.format(folder=folder, secret=secrets.token_hex(8), plugins=plugins, transports=transports)
        (folder / "janus.jcfg").write_text(main)
        (folder / "janus.transport.http.jcfg").write_text(_HTTP.format(port=self._port))
        (folder / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")
        with (folder / "log").open("wb") as log:
            command = [*self._prefix, "janus", "-F", str(folder), "-C", str(folder / "janus.jcfg"), "-o"]
            self._process = await asyncio.to_thread(subprocess.Popen, command, stdout=log, stderr=log)
        self._session = aiohttp.ClientSession(f"http://127.0.0.1:{self._port}")
        for _ in range(100):
            with suppress(aiohttp.ClientError):
                async with self._session.get("/janus/info") as answer:
                    if answer.status == 200:
                        return self
            await asyncio.sleep(0.1)
        raise ConnectionError((folder / "log").read_text())

    async def __aexit__(self, *_error: object) -> None:
        for one in self._pollers:
            one.cancel()
        await asyncio.gather(*self._pollers, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        if self._process is not None:
            self._process.terminate()
            try:
                await asyncio.to_thread(self._process.wait, 10)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._folder.cleanup()

    async def room(self, number: int) -> list[Client]:
        """Two publishers, recorded, and a subscription of each to the other."""
        session = (await self._post("", {"janus": "create"}))["data"]["id"]
        self._pollers.append(asyncio.create_task(self._poll(session)))
        first = await self._attach(session)
        await self._message(session, first, {
            "request": "create", "room": number + 1, "publishers": 4, "record": True, "rec_dir": self._folder.name,
            "audiocodec": "opus", "videocodec": "vp8", "bitrate": 0, "fir_freq": 0, "notify_joining": False,
        })  # fmt: skip
        publishers, feeds = [], []
        for name in ("i1", "p1"):
            client = Client(name, data=False)
            handle = first if name == "i1" else await self._attach(session)
            body = {"request": "joinandconfigure", "ptype": "publisher", "room": number + 1}
            told = await self._message(session, handle, body, {"type": "offer", "sdp": _publisher_offer(client)})
            feeds.append(told["plugindata"]["data"]["id"])
            await client.connect(told["jsep"]["sdp"])
            publishers.append(client)
        viewers = [await self._subscribe(session, number + 1, feed) for feed in feeds]
        return [*publishers, *viewers]

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        return cpu_of(self._process.pid) if self._process else 0.0

    def memory(self) -> int:
        """Resident bytes."""
        return memory_of(self._process.pid) if self._process else 0

    async def _subscribe(self, session: int, room: int, feed: int) -> Client:
        client = Client(f"viewer of {feed}", data=False)
        handle = await self._attach(session)
        body = {"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": feed}]}
        told = await self._message(session, handle, body)
        offer = told["jsep"]["sdp"]
        answer = {"type": "answer", "sdp": _viewer_answer(client, offer)}
        await self._message(session, handle, {"request": "start"}, answer)
        await client.connect(offer)
        return client

    async def _attach(self, session: int) -> int:
        told = await self._post(f"/{session}", {"janus": "attach", "plugin": "janus.plugin.videoroom"})
        return int(told["data"]["id"])

    async def _message(
        self, session: int, handle: int, body: dict[str, Any], jsep: dict[str, str] | None = None
    ) -> dict[str, Any]:
        transaction = secrets.token_hex(6)
        event = self._events[transaction] = asyncio.get_running_loop().create_future()
        message: dict[str, Any] = {"janus": "message", "body": body, "transaction": transaction}
        if jsep:
            message["jsep"] = jsep
        told = await self._post(f"/{session}/{handle}", message)
        if told["janus"] == "ack":
            told = await asyncio.wait_for(event, 10)
        if "error" in told.get("plugindata", {}).get("data", {}):
            raise ConnectionError(told["plugindata"]["data"]["error"])
        return told

    async def _post(self, path: str, message: dict[str, Any]) -> dict[str, Any]:
        assert self._session is not None
        async with self._session.post(f"/janus{path}", json={"transaction": secrets.token_hex(6), **message}) as answer:
            told: dict[str, Any] = await answer.json()
        if told["janus"] == "error":
            raise ConnectionError(told["error"]["reason"])
        return told

    async def _poll(self, session: int) -> None:
        assert self._session is not None
        while True:
            async with self._session.get(f"/janus/{session}?maxev=10") as answer:
                told = await answer.json()
            for event in told if isinstance(told, list) else [told]:
                waiting = self._events.pop(event.get("transaction", ""), None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(event)


def _publisher_offer(client: Client) -> str:
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
    for mid, kind, stream in (("0", "audio", client.audio), ("1", "video", client.video)):
        lines += [*media_line(kind, "sendonly", mid), "a=setup:actpass", *client.transport_lines()]
        lines.append(f"a=ssrc:{stream.ssrc} cname:{client.name}")
    return "\r\n".join(lines) + "\r\n"


def _viewer_answer(client: Client, offer: str) -> str:
    """Everything that was offered, taken."""
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines += [line for line in offer.splitlines() if line.startswith("a=group:")]
    for section in offer.split("\r\nm=")[1:]:
        kept = ("c=", "a=mid", "a=rtpmap", "a=fmtp", "a=rtcp-fb", "a=rtcp-mux", "a=extmap")
        told = section.split("\r\n")
        lines += [f"m={told[0]}", *(line for line in told[1:] if line.startswith(kept)), "a=recvonly", "a=setup:active"]
        lines += client.transport_lines()
    return "\r\n".join(lines) + "\r\n"
