"""Our passwords open the real coturn from a real browser, and no others do: what the device check asks for."""

import socket
import subprocess
import time
from datetime import UTC, datetime

import pytest

from portal.rooms.turn import Relay

pytestmark = pytest.mark.browser
SECRET = "north of here"
GATHER = """async ({ iceServers, ms }) => {
  const peer = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" });
  const found = [];
  const done = new Promise((resolve) => setTimeout(resolve, ms));
  const first = new Promise((resolve) => {
    peer.onicecandidate = ({ candidate }) => candidate?.candidate && (found.push(candidate.type), resolve());
  });
  peer.createDataChannel("test");
  await peer.setLocalDescription(await peer.createOffer());
  await Promise.race([first, done]);
  peer.close();
  return found;
}"""


@pytest.fixture(scope="module")
def coturn(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("coturn")
    command = [
        "turnserver", "-n", "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", str(port),
        "--use-auth-secret", "--static-auth-secret", SECRET, "--realm", "example.org", "--no-tls", "--no-dtls",
        "--allow-loopback-peers", "--no-cli", "--log-file", "stdout", "--pidfile", str(folder / "pid"),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"turn:127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.parametrize(("secret", "hours", "works"), [(SECRET, 0, True), ("south", 0, False), (SECRET, -7, False)])
def test_coturn_takes_our_passwords_until_they_expire(caller, coturn, secret, hours, works):
    at = datetime.fromtimestamp(time.time() + hours * 3600, UTC)
    page = caller.new_page()
    servers = Relay((f"{coturn}?transport=udp",), secret).ice_servers("p1", at)
    found = page.evaluate(GATHER, {"iceServers": servers, "ms": 60_000 if works else 4000})
    page.close()
    assert found == (["relay"] if works else [])
