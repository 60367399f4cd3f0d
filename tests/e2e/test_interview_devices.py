"""Cameras and microphones in an interview between real browsers: muted, changed, blurred, refused, or none at all."""

import os
import re

import pytest

from tests.e2e.interviews import codecs, until
from tests.support.browsers import CAMERA, CHROMIUM

pytestmark = pytest.mark.browser


def test_mute_camera_and_a_request_to_mute(place, caller):
    with place.call(caller) as (she, staff, _):
        staff.page.locator('[data-do="mute_request"]').click()
        she.page.get_by_text("asks you to switch your microphone off").wait_for()
        she.check("asked to mute")
        she.page.get_by_role("button", name="Switch it off").click()
        staff.page.locator("[data-quality]", has_text="(microphone off)").wait_for()
        assert she.page.get_by_role("button", name="Microphone off").get_attribute("aria-pressed") == "false"
        she.act("camera")
        staff.page.locator("[data-slot] [data-hidden]", has_text="Camera off").wait_for()
        she.act("camera")
        staff.sees_moving()


def test_another_microphone_stays_muted_and_a_blur_that_is_not_there_hides_her(place, caller):
    with place.call(caller) as (she, staff, _):
        she.page.route("**/selfie*/**", lambda route: route.abort())
        she.act("microphone")
        staff.page.locator("[data-quality]", has_text="(microphone off)").wait_for()
        she.page.get_by_text("Change camera, microphone or sound").click()
        select = she.page.locator("#room-microphone")
        she.page.evaluate(
            "() => { const devices = navigator.mediaDevices, ask = devices.getUserMedia.bind(devices);"
            " devices.getUserMedia = (wanted) => { window.given = ask(wanted); return given } }"
        )
        other = select.locator("option").nth(1).get_attribute("value")
        select.select_option(other)
        she.page.wait_for_function("window.given")
        she.page.evaluate("given.then(() => new Promise(done => setTimeout(done, 200)))")
        assert select.input_value() == other
        assert she.page.get_by_role("button", name="Microphone off").get_attribute("aria-pressed") == "false"
        assert not she.page.evaluate("given.then(one => one.getAudioTracks()[0].enabled)")
        she.act("blur")
        she.wait_said("note", "The blur does not work on this device, so your camera is off now.")
        staff.page.locator("[data-slot] [data-hidden]", has_text="Camera off").wait_for()
        she.check("without the blur")
        she.act("camera")
        staff.page.locator("[data-slot] [data-hidden]", has_text="Camera off").wait_for(state="hidden")
        staff.sees_moving()


@pytest.mark.usefixtures("with_a_picture_afterwards")
def test_without_a_picture_she_is_heard_and_recorded(place, caller, tmp_path):
    room = place.room()
    with place.caller(caller, "participant") as she, place.caller(caller, "researcher") as staff:
        choose(she, picture=False)
        staff.page.goto(f"{staff.base}/workspace/interviews/{room.code}")
        staff.page.locator('[data-do="admit"]').click()
        she.sees_moving()
        she.check("without a picture")
        staff.page.locator("[data-slot] [data-hidden]", has_text="Camera off").wait_for()
        she.act("microphone")
        staff.page.locator("[data-quality]", has_text="(microphone off)").wait_for()
        she.act("microphone")
        staff.act("record")
        staff.page.wait_for_function("/0:0[2-9]/.test(document.querySelector('[data-kept]').textContent)")
        staff.act("end")
        staff.act("end")
        she.page.wait_for_url("**/room/over/ended")
        assert codecs(place, room, tmp_path) == {"opus"}


@pytest.fixture
def with_a_picture_afterwards(place, caller):
    """What she chose stays in her session, which the other tests share."""
    yield
    with place.caller(caller, "participant") as she:
        choose(she, picture=True)


def choose(she, *, picture):
    """In the device check."""
    she.page.goto(f"{she.base}/room/check")
    she.page.get_by_label("Talk without a picture").set_checked(not picture)
    she.page.get_by_role("button", name=re.compile("Go to the waiting room|Keep these choices")).click()
    she.page.wait_for_url(lambda url: "/room/check" not in url)


def test_help_when_the_browser_says_no(place, playwright):
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*root, *CAMERA])
    with place.caller(browser, "participant") as she:
        she.page.goto(f"{she.base}/room/check")
        she.page.get_by_role("button", name="Only the microphone").click()
        she.page.get_by_text("Your browser said no for us.").wait_for()
        she.page.get_by_text("Click the sign to the left of the address.").wait_for()
        assert she.page.get_by_text("Tap “Website Settings”.").is_hidden()
        she.check("refused")
    browser.close()


def test_a_blurred_background_stays_on_the_device(place, caller):
    with place.caller(caller, "participant", strict=True) as she:
        she.page.goto(f"{she.base}/room/check")
        assert not [one for one in she.page.evaluate("performance.getEntries().map(e => e.name)") if "selfie" in one]
        she.page.get_by_role("button", name="Switch on camera and microphone").click()
        she.page.get_by_text("We hear you well.").wait_for()
        she.page.get_by_label("Blur what is behind me").check()
        preview = "document.getElementById('check-preview').srcObject?.getVideoTracks()[0]?.label ?? ''"
        until(lambda: "fake" not in she.page.evaluate(preview), seconds=90)  # the canvas's track, not the camera's
        assert she.page.get_by_label("Blur what is behind me").is_checked()
        until(lambda: she.page.evaluate("document.getElementById('check-preview').videoWidth") > 0)
        assert she.problems == []
