"""The relay's check against a real coturn on this machine."""

import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal.operations.domain import State
from portal.operations.relay import relay
from portal.operations.service import Doctor
from portal.rooms.turn import Relay
from portal.study.service import StudyBook
from tests.e2e.server import free_port

SECRET = "a secret of the test"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def coturn(tmp_path: Path) -> Iterator[int]:
    port = free_port()
    command = [
        "turnserver", "-n", "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", str(port),
        "--no-tls", "--no-dtls", "--realm", "test", "--use-auth-secret", "--static-auth-secret", SECRET, "--no-cli",
        "--min-port", "49160", "--max-port", "49200", "--log-file", str(tmp_path / "log"), "--simple-log",
        "--pidfile", str(tmp_path / "pid"), "--userdb", str(tmp_path / "db"),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while relay(Relay((f"turn:127.0.0.1:{port}?transport=tcp",), SECRET), now()).state is not State.OK:
            assert time.monotonic() < until, (tmp_path / "log").read_text()
        yield port
    finally:
        process.terminate()
        process.wait(60)


def test_it_answers_over_udp_and_tcp(coturn):
    urls = (f"turn:127.0.0.1:{coturn}", f"turn:127.0.0.1:{coturn}?transport=tcp")
    found = relay(Relay(urls, SECRET), now())
    assert (found.state, str(found.what)) == (State.OK, "2 addresses answer and take our credentials")


def test_another_secret_is_found(coturn):
    found = relay(Relay((f"turn:127.0.0.1:{coturn}",), "another"), now())
    assert (found.state, "refuses our credentials" in str(found.what)) == (State.FAILING, True)


def test_nobody_there_is_found():
    found = relay(Relay((f"turn:127.0.0.1:{free_port()}?transport=tcp",), SECRET), now())
    assert (found.state, "does not answer" in str(found.what)) == (State.FAILING, True)


def test_an_address_that_is_none_is_found():
    assert relay(Relay(("stun:127.0.0.1",), SECRET), now()).state is State.FAILING


def test_without_a_relay_there_is_a_warning():
    assert relay(Relay(), now()).state is State.WARNING


def test_a_study_that_sends_every_call_through_one_needs_it():
    found = relay(Relay(), now(), alone=True)
    assert (found.state, "nobody can join" in str(found.what)) == (State.FAILING, True)


def test_the_doctor_knows_what_the_study_wants(world):
    book = world.get(StudyBook)
    study = book.current().study
    rules = study.interview_room.model_copy(update={"relay_only": True})
    before = next(one for one in world.get(Doctor).examine() if one.part == "relay")
    book.publish(study.model_copy(update={"interview_room": rules}))
    after = next(one for one in world.get(Doctor).examine() if one.part == "relay")
    assert (before.state, after.state) == (State.WARNING, State.FAILING)
