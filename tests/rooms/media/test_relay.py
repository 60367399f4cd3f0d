"""Where the study says so, media goes through the relay alone, and nobody's address reaches anybody."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from portal.rooms.turn import Relay
from tests.e2e.server import free_port
from tests.support import calls

pytestmark = pytest.mark.browser
SECRET = "a secret of the test"


@pytest.fixture
def coturn(tmp_path) -> Iterator[int]:
    port = free_port()
    command = [
        "turnserver", "-n", "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", str(port),
        "--no-tls", "--no-dtls", "--realm", "test", "--use-auth-secret", "--static-auth-secret", SECRET, "--no-cli",
        "--allow-loopback-peers", "--min-port", "49210", "--max-port", "49290", "--log-file", str(tmp_path / "log"),
        "--simple-log", "--pidfile", str(tmp_path / "pid"), "--userdb", str(tmp_path / "db"),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + calls.PATIENCE
        while not answers(port):
            assert time.monotonic() < until, (tmp_path / "log").read_text()
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def test_a_whole_call_through_the_relay_alone(browser, media_and_gate, pages, coturn, tmp_path):
    media, study, gate = media_and_gate
    relay = Relay((f"turn:127.0.0.1:{coturn}",), SECRET)
    found = {}
    for person in ("i1", "p1"):
        gate.changes[person] = {"relay_only": True}
        servers = quote(json.dumps(relay.ice_servers(person, datetime.now(UTC))))
        found[person] = calls.enter(browser, gate, "r1", person, servers=servers)
    pages += found.values()
    calls.say(found["i1"], "admit", person="p1")
    for page in found.values():
        calls.shows(page, 3)
        assert page.evaluate("room.way()") == "relay"
        offered = page.evaluate("room.peer.localDescription.sdp")
        assert "typ host" not in offered
        assert "typ srflx" not in offered
    calls.record(found["i1"], 3)
    calls.say(found["i1"], "end")
    calls.until(found["p1"], "room.state === 'ended'")
    calls.wait_for(lambda: calls.manifest(media, study, "r1")[-1].kind == "ended", found["i1"])
    files = calls.decrypted(media, study, "r1", tmp_path)
    assert set(files) == {"i1-1.webm", "p1-1.webm"}
    for path in files.values():
        assert set(calls.probe(path)) == {"vp8", "opus"}
        calls.decodes(path)
