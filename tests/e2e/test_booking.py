"""Booking in Chromium: on a phone and on a desktop, with and without JavaScript; axe on every page."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.server import demonstration
from tests.e2e.staff import Staff
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.browser
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with demonstration(tmp_path_factory) as server:
        yield server


@pytest.fixture(scope="module")
def cast(portal):
    return portal.cast()


def arrive(visitor, cast, group, who):
    """Open the invitation of one of the cast."""
    person = next(one for one in cast["participants"] if one["who"].startswith(group) and who in one["who"])
    visitor.page.goto(person["link"])
    visitor.check()
    visitor.press("Open my invitation")
    return person


def test_a_practitioner_books_with_two_presses_once_he_sees_the_times(chromium, portal, cast):
    he = Visitor(chromium, portal.url, viewport=DESKTOP)
    arrive(he, cast, "Practitioners", "has consented")
    he.press("Choose a time for the interview", "link")
    he.press("Choose a time", "link")
    with he.page.expect_navigation():
        he.page.locator(".app-time").first.click()
    he.check()
    he.press("Confirm this time")
    expect(he.page.get_by_role("heading", name="Your interview", exact=True)).to_be_visible()
    expect(he.page.get_by_text("(UK time)").first).to_be_visible()
    he.go("/home")
    expect(he.page.locator(".app-countdown")).to_contain_text(re.compile(r"In \d+ (days|hours)|Tomorrow"))
    he.context.close()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_mother_changes_and_cancels_on_her_phone(chromium, portal, cast, javascript):
    she = Visitor(chromium, portal.url, javascript=javascript, viewport=PHONE)
    arrive(she, cast, "Mothers", "answered everything" if javascript else "has consented")
    she.go("/interview/times?view=calendar")
    she.go("/interview/times?part=afternoon")
    with she.page.expect_navigation():
        she.page.locator(".app-time").nth(1).click()
    she.check()
    she.page.get_by_label("Telephone", exact=True).check()
    she.press("Confirm this time")  # without a number: the error state
    expect(she.page.get_by_role("heading", name="There is a problem")).to_be_visible()
    she.page.get_by_label("Your telephone number, if we should ring you").fill("01632 960001")
    she.press("Confirm this time")
    expect(she.page.get_by_text("By telephone: 01632 960001")).to_be_visible()
    with she.page.expect_download() as download:
        she.page.get_by_role("link", name="Add it to my calendar").click()
    assert download.value.suggested_filename == "appointment.ics"
    she.press("Tell me of an earlier time")
    she.press("Do not tell me any more")
    for path in ("/interview/other-times", "/interview/zone", "/interview/confirm"):
        she.go(path)
    she.go("/interview/cancel")
    she.press("Cancel the appointment")
    expect(she.page.get_by_text("You have no time booked.")).to_be_visible()
    she.context.close()


def test_somebody_abroad_is_offered_her_own_zone(chromium, portal, cast):
    she = Visitor(chromium, portal.url, viewport=PHONE, timezone="Asia/Tokyo")
    arrive(she, cast, "Practitioners", "answered everything")
    she.go("/interview/times")
    she.press("Show times for where I am", "link")
    expect(she.page.get_by_label("Where are you?")).to_have_value("Asia/Tokyo")
    she.press("Show times for this place")
    expect(she.page.get_by_text("UK)").first).to_be_visible()
    she.context.close()


def test_hours_are_painted_with_mouse_and_keyboard(chromium, portal, cast):
    staff = Staff(chromium, portal.url, next(one for one in cast["staff"] if one["role"] == "lead"))
    staff.sign_in()
    staff.go("/workspace/hours")
    page = staff.page
    for at, hour in enumerate(("09:00", "09:30", "10:00", "10:30", "11:00", "11:30")):
        page.get_by_role("gridcell", name=f"Monday {hour}", exact=True).hover()
        if at == 0:
            page.mouse.down()
    page.mouse.up()
    expect(page.get_by_label("Monday", exact=True)).to_have_value("09:00-12:00")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    painted = page.get_by_label("Tuesday", exact=True).input_value()
    assert re.fullmatch(r"\d\d:\d\d-\d\d:\d\d", painted)
    page.get_by_label("Wednesday", exact=True).fill("13:15-14:45")
    expect(page.get_by_role("gridcell", name="Wednesday 13:30", exact=True)).to_have_attribute("aria-selected", "true")
    staff.press("Save my usual week")
    expect(page.get_by_label("Wednesday", exact=True)).to_have_value("13:15-14:45")
    expect(page.get_by_label("Tuesday", exact=True)).to_have_value(painted)
    for path in ("/workspace/bookings", "/workspace/participants/C-0004/appointment",
                 "/workspace/participants/C-0004/appointment/times", "/workspace/hours?week=2027-01-04"):  # fmt: skip
        staff.go(path)
    staff.context.close()
