"""A real media process, and a gate in front of it that does what the web process does: mint tickets, hand on offers."""

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from portal.recordings import age
from portal.recordings.domain import new_recording_id
from portal.rooms.media import launch
from portal.rooms.tickets import LIFETIME, RecordingTerms, Role, Ticket, issue, load_or_make_key, new_nonce
from portal.settings import ROOT

PAGE = Path(__file__).with_name("rooms")
OWN = ROOT / "static" / "js" / "room"
PATIENCE = 60.0
"""Seconds that anything may take on a busy machine."""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the media process's socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("media", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self._path))


class Media:
    """The media process as `portal up` runs it."""

    def __init__(self, instance: Path, *, prefix: tuple[str, ...] = (), **settings: str) -> None:
        self.instance = instance
        instance.mkdir(parents=True, exist_ok=True)
        self._prefix, self._settings = prefix, settings
        self.key = load_or_make_key(instance / "keys" / "rooms.key")
        self.socket = instance / "media.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        environ = {key: value for key, value in os.environ.items() if not key.startswith("PORTAL_")}
        environ |= {"PORTAL_INSTANCE": str(self.instance)} | {
            f"PORTAL_{k.upper()}": v for k, v in self._settings.items()
        }
        with (self.instance / "media.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._prefix, *launch.COMMAND],
                cwd=ROOT,
                env=launch.environment(environ),
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with suppress(OSError):
                if self.request("GET", "/healthz")[0] == 200:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"the media process did not start: {self.log()}")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def log(self) -> str:
        path = self.instance / "media.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def request(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        connection = UnixConnection(self.socket)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            text = answer.read().decode("utf-8")
        finally:
            connection.close()
        return answer.status, json.loads(text) if answer.headers.get_content_type() == "application/json" else text

    def journal(self, room: str) -> list[dict[str, Any]]:
        path = self.instance / "rooms" / f"{room}.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        assert self.process is not None
        return cpu_of(self.process.pid)

    def memory(self) -> int:
        """Resident bytes."""
        assert self.process is not None
        return memory_of(self.process.pid)


def cpu_of(process: int) -> float:
    """Seconds of processor time that the threads of a process have used so far, to the nanosecond (`stat` counts in
    hundredths of a second). A thread that ends takes its part along."""
    used = 0
    for task in Path(f"/proc/{process}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            used += int((task / "schedstat").read_text().split()[0])
    return used / 1e9


def memory_of(process: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Study:
    """Keys and tickets of an invented interview."""

    def __init__(self) -> None:
        self.identities = [age.new_identity(age.Kind.X25519), age.new_identity(age.Kind.X25519)]
        self.recordings: dict[str, str] = {}

    def terms(self, room: str) -> RecordingTerms:
        name = self.recordings.setdefault(room, new_recording_id())
        return RecordingTerms(name, tuple(str(one.recipient) for one in self.identities), "ab" * 32)

    def ticket(self, room: str, person: str, **changes: Any) -> Ticket:
        role = Role.INTERVIEWER if person.startswith("i") else Role.PARTICIPANT
        now = int(time.time())
        fields: dict[str, Any] = {
            "room": room, "person": person, "role": role, "name": person.upper(), "not_before": now,
            "expires": now + LIFETIME, "nonce": new_nonce(), "recording_consent": "C-1",
            "recording": self.terms(room), "may_share": role.runs_room,
        }  # fmt: skip
        return Ticket(**{**fields, **changes})


class Gate:
    """A page that joins, and the way to the media process."""

    def __init__(self, media: Media, study: Study) -> None:
        self.media, self.study = media, study
        self.changes: dict[str, dict[str, Any]] = {}
        """What is different in a person's tickets."""
        self.changed_answer: Callable[[str, str], str] = lambda _person, answer: answer
        """What becomes of the answer on its way to a person."""
        self.away = False
        """True: as if the network did not reach us."""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"gate": self}))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def page(self, room: str, person: str, **more: str) -> str:
        return f"{self.url}/?room={room}&person={person}" + "".join(f"&{key}={value}" for key, value in more.items())

    def join(self, room: str, person: str, offer: object) -> tuple[int, Any]:
        ticket = issue(self.study.ticket(room, person, **self.changes.get(person, {})), self.media.key)
        try:
            status, body = self.media.request("POST", f"/rooms/{room}/join", {"ticket": ticket, "offer": offer})
        except OSError:
            return 503, {"error": "away"}
        if status == 200:
            body["answer"]["sdp"] = self.changed_answer(person, body["answer"]["sdp"])
        return status, body

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    gate: Gate
    types: ClassVar = {".html": "text/html", ".mjs": "text/javascript"}

    def do_GET(self) -> None:
        name = urlsplit(self.path).path.strip("/") or "client.html"
        path = PAGE / name if (PAGE / name).exists() else OWN / name
        if path.is_file():
            self._answer(200, path.read_bytes(), self.types.get(path.suffix, "text/plain"))
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        if self.gate.away:
            self.close_connection = True
            return
        query = parse_qs(urlsplit(self.path).query)
        offer = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, body = self.gate.join(query["room"][0], query["person"][0], offer)
        self._answer(status, json.dumps(body).encode(), "application/json")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def interview(instance: Path, **settings: str) -> Iterator[tuple[Media, Study, Gate]]:
    """All three, surely stopped."""
    media = Media(instance, public_url="http://127.0.0.1:8080", **settings)
    study = Study()
    media.start()
    gate = Gate(media, study)
    try:
        yield media, study, gate
    finally:
        gate.close()
        media.stop()
