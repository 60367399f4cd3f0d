"""Both sides of an interview at their browsers, in a running portal."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import TimeoutError as TooLong

from portal.db.engine import Database
from portal.people.service import PeopleService
from portal.recordings.age import Identity, decrypt, new_identity
from portal.recordings.keys.service import KeyService
from portal.rooms.domain import Outcome, Room
from portal.rooms.service import RoomService
from portal.rooms.store import RoomRow
from portal.settings import ROOT, Settings
from portal.team.domain import Role
from portal.team.service import TeamService
from portal.wiring import Services, build
from tests.e2e.server import Server
from tests.recordings.keys.making import by_passphrase
from tests.support.browsers import PATIENCE_MS, axe_violations
from tests.support.codes import fresh_code

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
KEEP_SAID = """
  window.said = [];
  window.noted = [];
  window.lamps = [];
  new MutationObserver(() => {
    const line = document.getElementById('room-status')?.innerText;
    if (line && line !== said.at(-1)) said.push(line);
    const lamp = document.getElementById('room-recording')?.innerText;
    if (lamp && lamp !== lamps.at(-1)) lamps.push(lamp);
    for (const { textContent: note } of document.querySelectorAll('#room-note > p')) {
      if (!noted.includes(note)) noted.push(note);
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
"""
"""Keeps every line of the status and beside the lamp, and every note: some stand too briefly to be met."""


class Caller:
    """Somebody in a room, whose pages are checked."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.context, self.base, self.problems = context, base, []
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(KEEP_SAID)
        self.page: Page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", self._stays_here)

    def _console(self, message) -> None:
        # A refused or failed request is said by the browser itself, and tried again by the page.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(message.text)

    def _stays_here(self, request) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.problems.append(f"asked outside: {request.url}")

    def check(self, what: str) -> None:
        assert axe_violations(self.page) == [], what
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= self.page.viewport_size["width"], f"{what} is {wide} wide"
        assert self.problems == [], what

    def act(self, name: str) -> None:
        self.page.locator(f'[data-act="{name}"]').click()

    def said(self, part: str) -> str:
        return self.page.locator(f"#room-{part}").inner_text().replace("\n", " ")

    def wait_said(self, part: str, text: str, seconds: float = PATIENCE_MS / 1000) -> None:
        if part == "note":  # it goes by itself after a while, which on a busy machine is soon
            self.page.wait_for_function(f"noted.some(one => one.includes({text!r}))", timeout=seconds * 1000)
        elif part == "recording":  # the whole line: "Not recording" has "Recording" in it, too
            line = self.page.locator(f"#room-{part}").get_by_text(text, exact=True)
            line.wait_for(timeout=seconds * 1000)
        else:
            self.page.locator(f"#room-{part}", has_text=text).wait_for(timeout=seconds * 1000)

    def wait_was_said(self, text: str, seconds: float = PATIENCE_MS / 1000) -> None:
        """Wait until the status has said so at some time since `forget_said`, however briefly."""
        try:
            self.page.wait_for_function(f"said.some(one => one.includes({text!r}))", timeout=seconds * 1000)
        except TooLong as late:
            raise AssertionError(f"{text!r} was never said, but {self.page.evaluate('said')}") from late

    def forget_said(self) -> None:
        self.page.evaluate("said.length = noted.length = lamps.length = 0")

    def sees_moving(self, slot: int = 0, seconds: float = PATIENCE_MS / 1000) -> None:
        """The picture of the other person arrives and moves."""
        video = f"document.querySelector('[data-slot=\"{slot}\"] video')"
        self.page.wait_for_function(f"{video}.videoWidth > 0", timeout=seconds * 1000)
        now = self.page.evaluate(f"{video}.currentTime")
        self.page.wait_for_function(f"{video}.currentTime > {now} + 0.3", timeout=seconds * 1000)


@dataclass
class House:
    """A running portal with its cast signed in, and its services at hand."""

    server: Server
    services: Services
    states: dict[str, dict]
    study_id: str
    staff_id: int
    identity: Identity

    def room(self) -> Room:
        """A fresh room of the participant's; older ones are over."""
        rooms, person = self.services.get(RoomService), self.services.get(PeopleService).by_study_id(self.study_id)
        for one in rooms.open_rooms():
            if one.participant.id == person.id:
                rooms.mark(one, Outcome.DONE, "", staff_id=self.staff_id)
        return rooms.open_by_hand(person, staff_id=self.staff_id)

    @contextmanager
    def caller(self, browser: Browser, who: str, *, strict: bool = False) -> Iterator[Caller]:
        """Somebody signed in. `strict` keeps the page's security policy, which axe-core could not be put past."""
        viewport = PHONE if who == "participant" else DESK
        context = browser.new_context(viewport=viewport, storage_state=self.states[who], bypass_csp=not strict)
        try:
            yield Caller(context, self.server.url)
        finally:
            for page in context.pages:  # a page on its way to another one now and then is never closed
                page.goto("about:blank")
            context.close()

    @contextmanager
    def call(self, browser: Browser) -> Iterator[tuple[Caller, Caller, Room]]:
        """Participant and interviewer, let in and seeing each other."""
        room = self.room()
        with self.caller(browser, "participant") as she, self.caller(browser, "researcher") as staff:
            she.page.goto(f"{she.base}/room/call")
            staff.page.goto(f"{staff.base}/workspace/interviews/{room.code}")
            staff.page.locator('[data-do="admit"]').click()
            she.wait_said("status", "You are in the call.")
            staff.sees_moving()
            she.sees_moving()
            yield she, staff, room


def house(server: Server, browser: Browser) -> House:
    """Add a key for recordings to the cast's, and sign both sides in."""
    services = build(Settings(instance=server.instance, demonstration=True, public_url=server.url))
    members = services.get(TeamService).members()
    researcher, lead = (next(one for one in members if one.role is role) for role in (Role.RESEARCHER, Role.LEAD))
    identity, keys = new_identity(), services.get(KeyService)
    made = keys.register(str(identity.recipient), [by_passphrase()], staff_id=researcher.id)
    keys.confirm(made.id, staff_id=lead.id)
    cast = server.cast()
    person = next(one for one in cast["participants"] if one["who"].endswith("has an interview now"))
    states = {
        "participant": _participant(browser, person["link"]),
        "researcher": _member(browser, server.url, next(one for one in cast["staff"] if one["role"] == "researcher")),
    }
    return House(server, services, states, person["study_id"], researcher.id, identity)


def close(opened: House) -> None:
    opened.services.get(Database).dispose()


def media_process(server: Server) -> int:
    """The running portal's media process."""
    found = subprocess.run(
        ["pgrep", "-P", str(server.process.pid), "-f", "portal.rooms.media"], capture_output=True, text=True, check=True
    )
    return int(found.stdout.split()[0])


def codecs(place: House, room: Room, folder: Path) -> set[str]:
    """In the participant's first file, once it is closed."""
    with place.services.get(Database).reading() as session:
        vault = place.server.instance / "vault" / session.get_one(RoomRow, room.id).recording_id
    until(lambda: b'"ended"' in (vault / "manifest.jsonl").read_bytes())
    film = folder / "p1.webm"
    with min(vault.glob("p1-*.webm.age")).open("rb") as sealed, film.open("wb") as opened:
        decrypt(sealed, opened, [place.identity])
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", str(film)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(shown.stdout.split())


def until(true: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)


def _participant(browser: Browser, link: str) -> dict:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(link)
    page.get_by_role("button", name="Open my invitation").click()
    page.wait_for_url("**/home")
    state = context.storage_state()
    context.close()
    return dict(state)


def _member(browser: Browser, base: str, member: dict) -> dict:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{base}/team/sign-in")
    page.get_by_label("E-mail address").fill(member["email"])
    page.get_by_label("Password").fill(member["password"])
    page.get_by_label("Code from your authenticator app").fill(fresh_code(member["totp_secret"]))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/workspace**")
    state = context.storage_state()
    context.close()
    return dict(state)


class Firefox:
    """Debian's Firefox with an invented camera, driven by puppeteer-core in a process of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(ROOT / "tests" / "e2e" / "firefox.mjs")], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "MOZ_HEADLESS": "1"},
        )  # fmt: skip

    def ask(self, deed: str, **fields: object) -> object:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"deed": deed, **fields}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, f"{deed} {fields}: {answer.get('error')}"
        return answer["value"]

    def close(self) -> None:
        try:
            self.ask("close")
            self._process.wait(60)
        finally:
            self._process.kill()
            self._process.communicate()
