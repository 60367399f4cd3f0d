"""What an interview's recording keeps, and what stops it: the screen, a full disk, a crash, a withdrawal."""

import os
import signal
from pathlib import Path

import pytest

from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.people.service import PeopleService
from portal.rooms.store import RoomRow
from tests.e2e.interviews import media_process
from tests.rooms.media.test_disk import small_disk

pytestmark = pytest.mark.browser


def test_the_screen_is_shown_and_not_recorded(place, caller):
    with place.call(caller) as (she, staff, room):
        staff.act("record")
        she.wait_said("recording", "Recording")
        staff.page.get_by_text("Show a clip or the screen").click()
        staff.act("share_screen")
        she.wait_said("note", "is showing something.")
        shown = "document.querySelector('#room-share:not([hidden]) video')"
        she.page.wait_for_function(f"{shown}?.videoWidth > 0")
        now = she.page.evaluate(f"{shown}.currentTime")
        she.page.wait_for_function(f"{shown}.currentTime > {now} + 0.5")
        she.check("the screen is shown")
        staff.check("showing the screen")
        staff.act("share_stop")
        she.wait_said("note", "Nothing is shown any more.")
        she.page.locator("#room-share").wait_for(state="hidden")
        assert staff.page.evaluate("document.activeElement.dataset.act") == "share_screen"

        keep = "const ask = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);"
        staff.page.evaluate(
            f"() => {{ {keep} navigator.mediaDevices.getDisplayMedia = async o => (window.captured = await ask(o)) }}"
        )
        staff.act("share_screen")
        she.page.locator("#room-share").wait_for()
        # As by the browser's own button.
        staff.page.evaluate("captured.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
        she.page.locator("#room-share").wait_for(state="hidden")
        assert staff.page.evaluate("captured.getTracks().every(one => one.readyState === 'ended')")
        staff.act("record_stop")
        she.wait_said("recording", "Recording stopped")
        with place.services.get(Database).reading() as session:
            name = session.get_one(RoomRow, room.id).recording_id
        kept = sorted(one.name for one in (place.server.instance / "vault" / name).glob("*.webm.age"))
        parts = [one.partition("-")[2] for one in kept]
        assert parts == ["1.webm.age"] * 2  # one part of each person, none of the screen


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")
def test_a_full_disk_stands_on_the_researcher_s_page_and_the_call_goes_on(place, caller):
    with small_disk(place.server.instance / "vault"), place.call(caller) as (she, staff, _):
        staff.act("record")
        she.wait_said("recording", "Recording")
        full = "The recording stopped: the disk is full. What was recorded so far is safe. The call goes on."
        staff.wait_said("note", full)
        she.wait_said("recording", "Recording failed. The call goes on.")
        staff.page.wait_for_timeout(9000)  # a note goes by itself after eight seconds; this one stands
        assert full in staff.said("note")
        staff.check("a full disk")
        staff.sees_moving()
        she.sees_moving()
        assert staff.page.get_by_role("button", name="Start recording").is_enabled()
        assert she.page.locator('[data-act="stop_recording"]').is_hidden()


def test_the_call_comes_back_by_itself(place, caller):
    """Nothing of media for six seconds, as if the network were away; then its process is killed while it records."""
    with place.call(caller) as (she, staff, _):
        media = media_process(place.server)
        os.kill(media, signal.SIGSTOP)
        try:
            for one in (she, staff):
                one.wait_said("status", "The connection is lost.")
            she.page.wait_for_timeout(2000)
        finally:
            os.kill(media, signal.SIGCONT)
        for one in (she, staff):
            one.wait_said("status", "You are in the call.")
        staff.sees_moving()
        staff.act("record")
        she.wait_said("recording", "Recording")
        staff.page.wait_for_function("/0:0[2-9]|0:[1-5]/.test(document.querySelector('[data-kept]').textContent)")
        for one in (she, staff):
            one.forget_said()
        os.kill(media, signal.SIGKILL)
        she.act("pause_please")  # nobody is there to hear it: it must not be lost
        for one in (she, staff):
            one.wait_was_said("The connection is lost.")
            assert one.page.evaluate("lamps.some(one => one.includes('It may still be recording'))")
            one.wait_said("status", "You are in the call.")
        for one in (she, staff):
            one.wait_said("recording", "Recording paused. Nothing is kept now.")
        staff.sees_moving()
        she.sees_moving()
        assert she.problems == []


def test_media_starts_with_its_memory_in_large_pages(place):
    told = Path(f"/proc/{media_process(place.server)}/environ").read_bytes().split(b"\0")
    assert b"PYTHONMALLOC=malloc" in told


def test_a_withdrawal_in_the_call_stops_the_recording(place, caller):
    """After all that record: the participant of this portal is not recorded from here on."""
    person = place.services.get(PeopleService).by_study_id(place.study_id)
    with place.call(caller) as (she, staff, _):
        staff.act("record")
        she.wait_said("recording", "Recording")
        other = she.context.new_page()
        other.goto(f"{she.base}/withdraw/stop-recording")
        other.locator("main form button").click()
        other.wait_for_url("**/withdrawn/**")
        staff.wait_said("note", "Consent to record was withdrawn.")
        assert "recording" not in place.services.get(ConsentService).state(person).effects
    with place.caller(caller, "researcher") as staff:
        staff.page.goto(f"{staff.base}/workspace/interviews/{place.room().code}")
        staff.page.get_by_text("agreed to the interview and not to a recording").wait_for()
        staff.wait_said("recording", "This call is not recorded")
        assert staff.page.locator('[data-act="record"]').is_disabled()
