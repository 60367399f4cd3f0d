"""What befalls a participant in a call at her browser."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser

from portal.rooms.domain import Room
from tests.e2e.interviews import Caller, House


@contextmanager
def recorded_call(place: House, hers: Browser, theirs: Browser) -> Iterator[tuple[Caller, Caller, Room]]:
    """Participant and interviewer at browsers of their own, being recorded."""
    room = place.room()
    with place.caller(hers, "participant") as she, place.caller(theirs, "researcher") as staff:
        she.page.goto(f"{she.base}/room/call")
        staff.page.goto(f"{staff.base}/workspace/interviews/{room.code}")
        staff.page.locator('[data-do="admit"]').click()
        she.wait_said("status", "You are in the call.")
        staff.sees_moving()
        she.sees_moving()
        staff.act("record")
        she.wait_said("recording", "Recording")
        for one in (she, staff):
            one.forget_said()
        yield she, staff, room


@contextmanager
def standing_still(browser: Browser) -> Iterator[None]:
    """Nothing of the browser runs, as on a phone that sleeps: no script, no sound, no answer to anybody."""
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    processes = [one["id"] for one in found]
    for one in processes:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in processes:
            os.kill(one, signal.SIGCONT)
