"""A loudspeaker for browsers on a machine that has none: what is played there goes nowhere, at its own speed."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_WITHIN_SECONDS = 60


@pytest.fixture(scope="module")
def loudspeaker() -> Iterator[dict[str, str]]:
    """What a browser's environment needs to find it."""
    with tempfile.TemporaryDirectory(prefix="portal-sound-") as folder:
        socket = Path(folder) / "socket"
        command = [
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--load=module-null-sink",
            f"--load=module-native-protocol-unix auth-anonymous=1 socket={socket}",
        ]  # fmt: skip
        own = {**os.environ, "HOME": folder, "XDG_RUNTIME_DIR": folder}
        server = subprocess.Popen(command, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for(socket)
            yield {"PULSE_SERVER": f"unix:{socket}"}
        finally:
            server.terminate()
            server.wait(timeout=_WITHIN_SECONDS)


def _wait_for(socket: Path) -> None:
    until = time.monotonic() + _WITHIN_SECONDS
    while not socket.exists():
        assert time.monotonic() < until, "pulseaudio did not start"
        time.sleep(0.05)
