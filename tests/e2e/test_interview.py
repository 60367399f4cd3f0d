"""Interviews between real browsers through the real media process."""

import re
import subprocess
from urllib.parse import urlsplit

import pytest

from portal.audit.service import AuditLog
from portal.rooms.catalogue import RoomCatalogue
from portal.rooms.domain import GuestRole
from portal.rooms.guests import GuestList
from portal.rooms.service import RoomService
from tests.e2e.interviews import PHONE, Caller, Firefox, codecs, until

pytestmark = pytest.mark.browser


def test_a_whole_interview_from_the_device_check_to_the_recorded_file(place, caller, tmp_path):
    room = place.room()
    with place.caller(caller, "participant") as she, place.caller(caller, "researcher") as staff:
        prepare(she)
        enter(staff, room)
        she.wait_said("status", "You are in the waiting room.")
        she.check("waiting")
        staff.page.get_by_label("A line to everybody who waits").fill("I am with you in a minute")
        staff.page.get_by_role("button", name="Send").click()
        she.page.get_by_text("I am with you in a minute").wait_for()
        staff.check("somebody waits")
        staff.page.get_by_role("button", name="Let Robin in", exact=True).click()
        she.wait_said("status", "You are in the call.")
        she.sees_moving()
        staff.sees_moving()
        talk(she, staff)
        staff.act("end")
        staff.act("end")
        she.page.wait_for_url("**/room/over/ended")
        she.check("over")
        staff.page.wait_for_url("**/outcome")
        staff.page.get_by_label("It is done").check()
        staff.page.get_by_role("button", name="Keep").click()
        staff.page.get_by_text("Kept. Thank you.").wait_for()
    recorded(place, room, tmp_path)


def prepare(she):
    """From the home page through the device check into the waiting room."""
    she.page.goto(f"{she.base}/home")
    she.page.get_by_role("link", name="Join the interview").click()
    she.page.get_by_role("link", name="Yes, I can talk now").click()
    she.page.get_by_role("button", name="Switch on camera and microphone").click()
    she.page.get_by_text("We hear you well.").wait_for()
    she.page.get_by_text("Your connection is").wait_for()
    she.page.get_by_role("button", name="Play three notes").click()
    she.check("device check")
    she.page.get_by_label("Name that the others see").fill("Robin")
    she.page.get_by_role("button", name="Go to the waiting room").click()


def enter(staff, room):
    staff.page.goto(f"{staff.base}/workspace/interviews")
    staff.check("list")
    staff.page.get_by_role("link", name=f"Go into the room of {room.participant.study_id}").click()


def talk(she, staff):
    """Record, note, tick, pause, go on, stop."""
    assert she.said("recording") == "Not recording"
    staff.act("record")
    she.wait_said("recording", "Recording")
    she.wait_said("note", "Recording has started.")
    staff.page.wait_for_function("/0:0[2-9]/.test(document.querySelector('[data-kept]').textContent)")
    she.check("recording")
    staff.check("recording")
    staff.page.get_by_label("Welcome").check()
    staff.page.locator("[data-code]", has_text=re.compile(r"^0:\d\d$")).first.wait_for()
    staff.page.locator("#room-notes").fill("She spoke calmly ")
    staff.page.get_by_role("button", name="Insert the time").click()
    staff.page.get_by_text("Kept at").wait_for()
    she.act("pause_please")
    staff.wait_said("note", "Robin asks for a pause.")
    she.wait_said("recording", "Recording paused. Nothing is kept now.")
    staff.act("record")
    she.wait_said("recording", "Recording")
    staff.act("distress")
    she.wait_said("note", "We are pausing.")
    she.check("distress")
    staff.check("distress")
    assert "blur" in she.page.evaluate("getComputedStyle(document.querySelector('[data-slot] video')).filter")
    staff.act("distress")
    she.act("stop_recording")
    staff.wait_said("recording", "Recording stopped")


def recorded(place, room, folder):
    """What was kept opens with the team's key alone, and is a film; the room's facts and audit events are there."""
    assert codecs(place, room, folder) == {"vp8", "opus"}
    until(lambda: place.services.get(RoomService).room(room.code).ended)
    told = {"admitted", "recording_started", "pause_please", "distress", "recording_stopped", "ended"}
    until(lambda: told <= {one.kind for one in place.services.get(RoomCatalogue).events(room.id)})
    audited = {one.kind for one in place.services.get(AuditLog).newest(60) if one.subject == room.subject}
    assert {"rooms.joined", "rooms.admitted", "rooms.recording_started", "rooms.recording_stopped"} <= audited


def test_everything_by_keyboard(place, caller):
    with place.call(caller) as (she, staff, _):
        she.page.locator('[data-act="microphone"]').focus()
        assert she.page.evaluate("getComputedStyle(document.activeElement).backgroundColor") == "rgb(255, 235, 59)"
        she.page.keyboard.press("Enter")
        staff.page.locator("[data-quality]", has_text="(microphone off)").wait_for()
        reached = []
        for _ in range(4):
            she.page.keyboard.press("Tab")
            reached.append(she.page.evaluate("document.activeElement.dataset.act"))
        assert reached == ["camera", "pause_please", "leave", "need_to_stop"]
        she.page.keyboard.press("Space")
        she.page.wait_for_url("**/room/over/stopped")
        staff.wait_said("note", "had to stop.")


def test_exit_ends_the_call_at_once_and_leads_nowhere_else(place, caller):
    with place.call(caller) as (she, staff, _):
        she.page.route(
            "https://www.bbc.co.uk/**", lambda route: route.fulfill(body="<h1>Weather</h1>", content_type="text/html")
        )
        held, asked = [], []

        def hold(route):
            held.append(route)

        she.page.route("**/exit", hold)  # even where the network is slow
        she.page.on("request", lambda request: request.is_navigation_request() and asked.append(request.url))
        she.page.evaluate("document.querySelector('[data-exit]').click()")
        staff.wait_said("note", "has left.")
        she.page.wait_for_timeout(500)  # the room's own answer that she has left comes late, to a page on its way out
        for one in held:  # the portal would sign her out, and the other tests share her session
            one.fulfill(body="<script>location.replace('https://www.bbc.co.uk/')</script>", content_type="text/html")
        she.page.wait_for_url("https://www.bbc.co.uk/**")
        assert [urlsplit(one).path for one in asked if one.startswith(she.base)] == ["/exit"]
        she.problems.clear()  # the neutral page is elsewhere


def test_a_guest_and_a_clip(place, caller, tmp_path):
    """A supporter comes in by a link, and the interviewer shows a clip from her own disk: everybody sees it."""
    clip = tmp_path / "clip.webm"
    source = ["-f", "lavfi", "-i", "testsrc=size=320x240:rate=15:duration=20"]
    subprocess.run(["ffmpeg", "-v", "error", *source, "-c:v", "libvpx", str(clip)], check=True)
    with place.call(caller) as (she, staff, room):
        token = place.services.get(GuestList).invite(room, GuestRole.SUPPORTER, staff_id=place.staff_id)
        context = caller.new_context(viewport=PHONE, bypass_csp=True)
        guest = Caller(context, place.server.url)
        guest.page.goto(f"{guest.base}/guest/{token}")
        guest.check("guest's door")
        guest.page.get_by_role("button", name="Continue").click()
        guest.page.get_by_label("Name that the others see").fill("Sam")
        guest.page.get_by_role("button", name="Go to the waiting room").click()
        guest.wait_said("status", "You are in the waiting room.")
        staff.page.get_by_role("button", name="Let Sam in", exact=True).click()
        for one, slot in ((guest, 0), (guest, 1), (she, 1), (staff, 1)):
            one.sees_moving(slot)
        staff.page.get_by_text("Show a clip or the screen").click()
        staff.page.get_by_label("Clip", exact=True).set_input_files(clip)
        shared = "document.querySelector('#room-share:not([hidden]) video')?.videoWidth > 0"
        for one in (she, guest):
            one.page.wait_for_function(shared)
            one.check("a clip is shown")
        staff.act("share_stop")
        she.page.locator("#room-share").wait_for(state="hidden")
        guest.act("leave")
        guest.page.wait_for_url("**/guest-over/left")
        context.close()


@pytest.mark.parametrize("interviewer", ["firefox", "chromium"])
def test_firefox_with_firefox_and_with_chromium(place, caller, interviewer):
    room, firefox = place.room(), Firefox()
    try:
        firefox.ask("open", who="she", url=f"{place.server.url}/room/call", state=place.states["participant"])
        firefox.ask("wait", who="she", expression=said("status", "waiting room"))
        desk = f"{place.server.url}/workspace/interviews/{room.code}"
        if interviewer == "firefox":
            firefox.ask("open", who="staff", url=desk, state=place.states["researcher"])
            firefox.ask("click", who="staff", selector='[data-do="admit"]')
            firefox.ask("wait", who="staff", expression=moving(0))
            firefox.ask("wait", who="she", expression=moving(0))
            return
        with place.caller(caller, "researcher") as staff:
            staff.page.goto(desk)
            staff.page.locator('[data-do="admit"]').click()
            staff.sees_moving()
            firefox.ask("wait", who="she", expression=moving(0))
            firefox.ask("click", who="she", selector='[data-act="microphone"]')
            staff.page.locator("[data-quality]", has_text="(microphone off)").wait_for()
            staff.act("end")
            staff.act("end")
            firefox.ask("wait", who="she", expression="location.pathname === '/room/over/ended'")
    finally:
        firefox.close()


def said(part, text):
    return f"document.getElementById('room-{part}').textContent.includes({text!r})"


def moving(slot):
    video = f"document.querySelector('[data-slot=\"{slot}\"] video')"
    return f"{video}.videoWidth > 0 && {video}.currentTime > 0.5"
