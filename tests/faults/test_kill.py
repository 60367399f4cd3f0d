"""200 times `kill -9` of the web process while people consent: no consent is lost, none is there twice.

gunicorn's worker process, the one that serves, is killed; its master starts a new one at once. What a person was told
("your consent is recorded") must be in the database whole; what she was not told may be there whole or not at all.
"""

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import func, select

from portal import wiring
from portal.audit.service import AuditLog
from portal.consent.sealing import Sealing
from portal.consent.store import AnswerRow, ConsentRow
from portal.db.engine import Database
from portal.receipts.store import ReceiptRow
from portal.settings import ROOT, Settings
from tests.e2e.server import free_port
from tests.faults.people import People

KILLS = 200
CLIENTS = 4


class Browser:
    """As much of a browser as consenting needs, without patience."""

    def __init__(self, port: int, address: str) -> None:
        self._port, self._cookies, self._address = port, SimpleCookie(), address

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, place to go to, and page. Raises OSError or HTTPException when the server dies."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        headers = {"Cookie": "; ".join(f"{one.key}={one.value}" for one in self._cookies.values())}
        headers["X-Forwarded-For"] = self._address  # everybody at her own place, or the rate limits would stop them
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, urlencode(fields) if fields is not None else None, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
            self._cookies.load(answer.getheader("Set-Cookie", ""))
            return answer.status, urlsplit(answer.getheader("Location", "")).path, page
        finally:
            connection.close()

    def insist(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Ask again until somebody answers, as a person would reload."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                return self.ask(method, path, fields)
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
        raise AssertionError("the server never came back")


def token_of(page: str) -> str:
    found = re.findall(r'name="csrf_token" type="hidden" value="([^"]+)"', page)
    assert found, page[:500]
    return found[-1]


def consent(port: int, number: int, token: str, signing: set[int]) -> str | None:
    """Open the invitation and sign once. The reference if the server confirmed it, else None.

    `signing` has the number from when she signs to when she has an answer or learns that there is none.
    """
    browser = Browser(port, f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
    _, _, door = browser.insist("GET", f"/invitation/{token}")
    status, place, _ = browser.insist("POST", f"/invitation/{token}", {"csrf_token": token_of(door)})
    if status != 302 or place != "/home":
        return None  # a kill came between her session and its answer: she would ask for a new link
    status, _, page = browser.insist("GET", "/consent/sign")
    if status != 200:
        return None
    fields = {
        "csrf_token": token_of(page),
        "form_hash": re.findall(r'name="form_hash" type="hidden" value="(\w+)"', page)[0],
        "checked": re.findall(r'name="checked" type="hidden" value="(\w+)"', page)[0],
    }
    signing.add(number)
    try:
        status, place, _ = browser.ask("POST", "/consent/sign", {**fields, "name": "Invented Person", "drawn": ""})
    except (OSError, http.client.HTTPException):
        return None
    finally:
        signing.remove(number)
    return place.rsplit("/", 1)[1] if status == 302 and place.startswith("/consent/done/") else None


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_200_kills_lose_and_double_no_consent(tmp_path):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = Settings(instance=tmp_path / "instance", demonstration=True, public_url=url)
    services = wiring.build(settings)
    people, told, signing, stop = People(services), {}, set(), threading.Event()
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PORTAL_")}
    environ |= {"PORTAL_INSTANCE": str(settings.instance), "PORTAL_PUBLIC_URL": url, "PORTAL_DEMONSTRATION": "yes"}
    environ["PORTAL_TRUSTED_PROXIES"] = "1"
    command = [
        sys.executable, "-m", "gunicorn", "tests.faults.served:app", "--bind", f"127.0.0.1:{port}",
        "--worker-class", "gthread", "--threads", "4", "--workers", "1", "--preload",
        "--no-control-socket", "--log-level", "critical",
    ]  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        master = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log, start_new_session=True)
    failures: list[BaseException] = []

    def keep_consenting() -> None:
        try:
            while not stop.is_set():
                invited = people.next()
                number = invited.participant.id
                reference = consent(port, number, invited.token, signing)
                if reference:
                    told[number] = reference
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=keep_consenting) for _ in range(CLIENTS)]
    try:
        for one in threads:
            one.start()
        kill_often(master.pid, told, signing, failures)
    finally:
        stop.set()
        for one in threads:
            one.join()
        os.killpg(master.pid, signal.SIGKILL)
        master.wait()
    assert failures == []
    judge(services, told)


def kill_often(master: int, told: dict[int, str], signing: set[int], failures: list[BaseException]) -> None:
    """Kill at moments that shift, so that all parts of a consent are hit; wait for life in between.

    Every other time somebody is told first, so that there is something to lose; in between it is enough that somebody
    has begun to sign.
    """
    until = time.monotonic() + 300
    while not told:
        assert time.monotonic() < until, "nobody could consent"
        assert not failures
        time.sleep(0.05)
    killed: set[int] = set()  # who was killed last, and whom the master may not have buried yet
    for number in range(KILLS):
        known, patience = len(told), time.monotonic() + 4.0
        while len(told) == known and time.monotonic() < patience and not (number % 2 and signing):
            time.sleep(0.005)
        time.sleep((number * 37 % 100) / 200)
        until = time.monotonic() + 60
        while not (alive := set(children(master)) - killed):
            assert time.monotonic() < until, "no worker came back"
            time.sleep(0.01)
        for one in alive:
            os.kill(one, signal.SIGKILL)
        killed = alive


def judge(services: wiring.Services, told: dict[int, str]) -> None:
    database = services.get(Database)
    with database.reading() as session:
        rows = session.scalars(select(ConsentRow)).all()
        answers = dict(session.execute(select(AnswerRow.consent_id, func.count()).group_by(AnswerRow.consent_id)).all())
    by_person = {row.participant_id: row.reference for row in rows}
    assert len(by_person) == len(rows), "somebody consented twice"
    assert {number: by_person.get(number) for number in told} == told, "a confirmed consent is not there"
    assert {answers.get(row.id) for row in rows} == {10}, "a consent lacks answers"
    assert len(told) > 50
    wiring.worker(services).run_once()
    while services.get(Sealing).run():
        pass
    with database.reading() as session:
        sealed = session.scalars(select(ReceiptRow.reference)).all()
    assert sorted(sealed) == sorted(by_person.values()), "each consent has exactly one receipt"
    assert services.get(AuditLog).verify().problem is None
    database.dispose()
