"""The real portal in processes of its own, on a free port, surely stopped.

To invent its cast takes long: keys are made, people sign, receipts are printed and sealed. That is done once, and most
tests start from a copy of it; tests/e2e/test_whole_study.py starts from nothing, as a user does.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from portal.cli.cast import ensure
from portal.cli.recordings_cast import recording_duty
from portal.db.engine import Database
from portal.settings import ROOT, Settings
from portal.wiring import build
from portal.workspace.demo import read


@dataclass
class Server:
    """A running portal."""

    url: str
    instance: Path
    environ: dict[str, str]
    process: subprocess.Popen[bytes]

    def cast(self) -> dict:
        found = read(self.instance)
        assert found is not None
        return asdict(found)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def demonstration(temporary: pytest.TempPathFactory, host: str = "127.0.0.1", **settings: str) -> Iterator[Server]:
    """A portal whose cast is there already. `settings` are named as in the environment, without `PORTAL_`."""
    instance = temporary.mktemp("portal") / "instance"
    shutil.copytree(_with_cast(temporary), instance)
    with running(instance, host, **settings) as server:
        yield server


def _with_cast(temporary: pytest.TempPathFactory) -> Path:
    """An instance with its cast and their recording, made once for all workers of a run, and never started: each copy
    begins its own life at its own address."""
    own = temporary.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    done, making = shared / "demonstration", shared / "demonstration-in-the-making"
    with (shared / "demonstration.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(making, ignore_errors=True)
            with ThreadPoolExecutor(1) as aside:  # sealing runs an event loop, and Playwright's runs in this thread
                aside.submit(_invent, making).result()
            making.rename(done)
    return done


def _invent(instance: Path) -> None:
    settings = Settings(instance=instance, demonstration=True)
    services = build(settings)
    ensure(services, settings)
    assert recording_duty(services, settings).run() == 1
    services.get(Database).dispose()


@contextmanager
def running(instance: Path, host: str = "127.0.0.1", **settings: str) -> Iterator[Server]:
    """`portal up` as a demonstration. Passkeys need the host "localhost"; a bare address has none."""
    port = free_port()
    url = f"http://{host}:{port}"
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PORTAL_")}
    environ |= {
        "PORTAL_INSTANCE": str(instance),
        "PORTAL_PORT": str(port),
        "PORTAL_PUBLIC_URL": url,
        "PORTAL_DEMONSTRATION": "yes",
    } | {f"PORTAL_{name.upper()}": value for name, value in settings.items()}
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
