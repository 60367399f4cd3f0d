"""A small server that speaks as GOV.UK Notify does, over the wire, on loopback."""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from notifications_python_client.authentication import decode_jwt_token, get_token_issuer

SERVICE, SECRET = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
KEY = f"test-{SERVICE}-{SECRET}"


@dataclass
class Notify:
    """What the server has taken, and how it answers."""

    url: str = ""
    taken: list[dict] = field(default_factory=list)
    answer: tuple[int, object] | None = None
    """Instead of taking a message: status and body."""
    drop: bool = False
    """Take the message, but close without an answer."""
    statuses: dict[str, str] = field(default_factory=dict)
    """What became of messages, by address; the others were delivered."""

    def told(self) -> list[dict]:
        """Each message as the API tells of it, newest first."""
        return [
            {
                "id": str(uuid.UUID(int=number)), "reference": one["reference"], "type": one["kind"],
                "email_address": one.get("email_address"), "phone_number": one.get("phone_number"),
                "status": self.statuses.get(one.get("email_address") or one["phone_number"], "delivered"),
            }
            for number, one in reversed(list(enumerate(self.taken, 1)))
        ]  # fmt: skip

    def page(self, older_than: str) -> dict:
        """A page of those that failed; here a page holds two."""
        failed = [one for one in self.told() if one["status"].endswith("failure")]
        after = [one for one in failed if not older_than or one["id"] < older_than]
        return {"notifications": after[:2], "links": {"current": f"{self.url}/v2/notifications?status=failed"}}


class _Server(ThreadingHTTPServer):
    state: Notify


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._authentic():
            return self._say(403, _errors("AuthError", "Invalid token: signature"))
        if self.server.state.answer is not None:
            return self._say(*self.server.state.answer)
        kind = self.path.rpartition("/")[2]
        self.server.state.taken.append({"kind": kind, **body})
        if self.server.state.drop:
            return self.connection.close()
        return self._say(201, {"id": str(uuid.uuid4()), "reference": body.get("reference"), "content": {}})

    def do_GET(self) -> None:
        if not self._authentic():
            return self._say(403, _errors("AuthError", "Invalid token: signature"))
        if self.server.state.answer is not None:
            return self._say(*self.server.state.answer)
        asked = parse_qs(urlsplit(self.path).query)
        if "status" in asked:
            return self._say(200, self.server.state.page(asked.get("older_than", [""])[0]))
        wanted = asked["reference"]
        found = [one for one in self.server.state.told() if one["reference"] in wanted]
        return self._say(200, {"notifications": found, "links": {}})

    def _authentic(self) -> bool:
        token = self.headers["Authorization"].removeprefix("Bearer ")
        return get_token_issuer(token) == SERVICE and bool(decode_jwt_token(token, SECRET))

    def _say(self, status: int, body: object) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@contextmanager
def notify_server() -> Iterator[Notify]:
    """Running while the block runs."""
    state = Notify()

    server = _Server(("127.0.0.1", 0), _Handler)
    server.state = state
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _errors(kind: str, message: str) -> dict:
    return {"status_code": 400, "errors": [{"error": kind, "message": message}]}


def refusal(message: str, kind: str = "ValidationError") -> tuple[int, object]:
    """An answer of status 400."""
    return 400, _errors(kind, message)
