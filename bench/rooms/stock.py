"""What aiortc gives without our work: peer connections, MediaRelay and MediaRecorder, in a process of its own.

Run as a program it answers, on a Unix socket, two offers at a time: the two people of a room.
"""

import asyncio
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRecorder, MediaRelay
from aiortc.rtcconfiguration import RTCBundlePolicy

from bench.rooms.client import Client, media_line
from portal.settings import ROOT
from tests.support.rooms import cpu_of, memory_of


class Stock:
    """The process."""

    name = "aiortc"

    def __init__(self, *, prefix: tuple[str, ...] = ()) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._prefix = prefix
        self._process: subprocess.Popen[bytes] | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        socket = Path(self._folder.name) / "socket"
        command = [*self._prefix, sys.executable, "-m", "bench.rooms.stock", str(socket), self._folder.name]
        self._process = await asyncio.to_thread(subprocess.Popen, command, cwd=ROOT)
        self._session = aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket)))
        for _ in range(100):
            with suppress(aiohttp.ClientError):
                async with self._session.get("http://stock/") as answer:
                    if answer.status == 200:
                        return self
            await asyncio.sleep(0.1)
        raise ConnectionError("the stock server did not start")

    async def __aexit__(self, *_error: object) -> None:
        if self._session is not None:
            await self._session.close()
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait, 10)
        self._folder.cleanup()

    async def room(self, _number: int) -> list[Client]:
        """Two people who see each other and are recorded."""
        pair = [Client("i1", data=False), Client("p1", data=False)]
        assert self._session is not None
        async with self._session.post("http://stock/", json=[_offer(one) for one in pair]) as answer:
            answers = await answer.json()
        for client, sdp in zip(pair, answers, strict=True):
            await client.connect(sdp)
        return pair

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        return cpu_of(self._process.pid) if self._process else 0.0

    def memory(self) -> int:
        """Resident bytes."""
        return memory_of(self._process.pid) if self._process else 0


def _offer(client: Client) -> str:
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1", "a=msid-semantic: WMS *"]
    for mid, kind, stream in (("0", "audio", client.audio), ("1", "video", client.video)):
        lines += [*media_line(kind, "sendrecv", mid), "a=setup:actpass", *client.transport_lines()]
        lines += [f"a=msid:{client.name} {kind}", f"a=ssrc:{stream.ssrc} cname:{client.name}"]
    return "\r\n".join(lines) + "\r\n"


async def _join(request: web.Request) -> web.Response:
    offers: list[str] = await request.json()
    relay, peers, tracks = MediaRelay(), [], []
    for offer in offers:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        taken: list[Any] = []
        peer.on("track", taken.append)
        await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        peers.append(peer)
        tracks.append(taken)
    answers = []
    for at, peer in enumerate(peers):
        for track in tracks[1 - at]:
            peer.addTrack(relay.subscribe(track))
        await peer.setLocalDescription(await peer.createAnswer())
        recorder = MediaRecorder(f"{sys.argv[2]}/{id(peer)}.webm")
        for track in tracks[at]:
            recorder.addTrack(relay.subscribe(track))
        await recorder.start()
        request.app["kept"].append((peer, recorder))
        answers.append(peer.localDescription.sdp)
    return web.json_response(answers)


async def _here(_request: web.Request) -> web.Response:
    return web.Response()


if __name__ == "__main__":
    app = web.Application()
    app["kept"] = []
    app.router.add_post("/", _join)
    app.router.add_get("/", _here)
    web.run_app(app, path=sys.argv[1], print=None)
