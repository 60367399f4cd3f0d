"""A media process for tests that need none of its media: it answers on the real socket, checks tickets, notes calls."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer

from portal.rooms.tickets import Ticket, load_or_make_key, read

ANSWER = "v=0\r\ns=answer\r\n"


@dataclass
class StandInMedia:
    """What it was asked, and what it shall answer."""

    instance: Path
    clock: object
    joined: list[Ticket] = field(default_factory=list)
    asked: list[tuple[str, dict]] = field(default_factory=list)
    refuse: tuple[int, str] | None = None
    talks: bool = False
    """People talk in every room, so that none is ended that is to be spared."""

    def answer(self, path: str, body: dict) -> tuple[int, dict]:
        self.asked.append((path, body))
        if self.refuse is not None:
            return self.refuse[0], {"error": self.refuse[1]}
        if path.endswith("/join"):
            key = load_or_make_key(self.instance / "keys" / "rooms.key")
            self.joined.append(read(body["ticket"], key, room=path.split("/")[2], at=self.clock().timestamp()))
            return 200, {"answer": {"type": "answer", "sdp": ANSWER}}
        return 200, {"done": not self.talks} if path.endswith("/clear") or "spare_talk" in body else {}


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


@contextmanager
def media(instance: Path, clock: object) -> Iterator[StandInMedia]:
    stand_in = StandInMedia(instance, clock)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(*stand_in.answer(self.path, body))

        def do_GET(self) -> None:
            self._send(200, {"status": "ok", "rooms": 0, "people": 0})

        def _send(self, status: int, answer: dict) -> None:
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

        def address_string(self) -> str:
            return "socket"

    with _Server(str(instance / "media.sock"), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield stand_in
        finally:
            server.shutdown()
            thread.join()
