"""The real portal in processes of its own, on a free port, surely stopped."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.settings import ROOT


@dataclass
class Server:
    """A running portal."""

    url: str
    instance: Path
    environ: dict[str, str]
    process: subprocess.Popen[bytes]

    def cast(self) -> dict:
        command = [sys.executable, "-m", "portal", "demo", "--json"]
        answer = subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, check=True)
        return json.loads(answer.stdout)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(instance: Path, host: str = "127.0.0.1") -> Iterator[Server]:
    """`portal up` as a demonstration. Passkeys need the host "localhost"; a bare address has none."""
    port = free_port()
    url = f"http://{host}:{port}"
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PORTAL_")}
    environ |= {
        "PORTAL_INSTANCE": str(instance),
        "PORTAL_PORT": str(port),
        "PORTAL_PUBLIC_URL": url,
        "PORTAL_DEMONSTRATION": "yes",
    }
    log = (instance.parent / "server.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "portal", "up"], cwd=ROOT, env=environ, stdout=log, stderr=log, start_new_session=True
    )
    try:
        _wait(url, process)
        yield Server(url, instance, environ, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.close()
        shutil.rmtree(instance, ignore_errors=True)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 150
    while time.monotonic() < until:
        assert process.poll() is None, "the portal stopped while starting"
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=30) as answer:
                if answer.status == 200:
                    return
        except OSError:
            process.poll()
            time.sleep(0.1)
    raise AssertionError("the portal did not start in time")
