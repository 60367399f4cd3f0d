"""How a participant may be contacted, and her conversation with the team, in Chromium: phone and desktop, with and
without JavaScript; axe on every page."""

import pytest
from playwright.sync_api import expect

from tests.e2e.server import demonstration
from tests.e2e.staff import Staff
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.browser
DESKTOP = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with demonstration(tmp_path_factory) as server:
        yield server


@pytest.fixture(scope="module")
def cast(portal):
    return portal.cast()


@pytest.fixture(scope="module")
def lead(chromium, portal, cast):
    member = Staff(chromium, portal.url, next(one for one in cast["staff"] if one["role"] == "lead"))
    member.sign_in()
    yield member
    member.context.close()


@pytest.mark.parametrize(
    ("who", "javascript", "viewport"),
    [("is reading", True, {"width": 390, "height": 800}), ("is reading", False, DESKTOP)],
    ids=["phone", "desktop-without-javascript"],
)
def test_a_participant_chooses_and_writes_and_the_team_answers(chromium, portal, cast, lead, who, javascript, viewport):
    group = "Mothers" if javascript else "Practitioners"
    person = next(one for one in cast["participants"] if who in one["who"] and one["who"].startswith(group))
    she = Visitor(chromium, portal.url, javascript=javascript, viewport=viewport)
    she.page.goto(person["link"])
    she.press("Open my invitation")
    choose(she)
    she.go("/information")
    if javascript:
        she.page.locator("details summary").first.click()
    she.go("/messages?about=risks")
    she.press("Send")  # nothing written: the error state
    expect(she.page.get_by_role("heading", name="There is a problem")).to_be_visible()
    she.page.get_by_label("Your message").fill("May my baby be with me?")
    she.press("Send")
    expect(she.page.get_by_text("May my baby be with me?")).to_be_visible()
    answer(lead, person["study_id"])
    she.go("/home")
    expect(she.page.get_by_text("1 new")).to_be_visible()
    she.press("Messages with the team", "link")
    expect(she.page.get_by_text("Of course.")).to_be_visible()
    she.go("/contact")
    she.context.close()


def choose(she):
    she.go("/contact-choices")
    she.page.get_by_label("By text message").check()
    she.press("Save")  # without a number: the error state
    expect(she.page.get_by_label("By text message")).to_be_checked()
    she.page.get_by_label("Your phone number").fill("07700 900 123")
    she.page.get_by_label("Not before").select_option("9")
    she.page.get_by_label("Sunday").uncheck()
    she.press("Save")
    expect(she.page.get_by_text("Saved. From now on we contact you in this way only.")).to_be_visible()
    she.go("/contact-choices")
    expect(she.page.get_by_label("Your phone number")).to_have_value("+447700900123")
    expect(she.page.get_by_label("Sunday")).not_to_be_checked()


def answer(lead, study_id):
    lead.go("/workspace")
    lead.go("/workspace/enquiries")
    lead.press(study_id, "link")
    lead.page.get_by_label("Your answer").fill("Of course.")
    lead.press("Send")
    expect(lead.page.get_by_text("Sent. The participant is told that a message waits.")).to_be_visible()
    for path in ("/workspace/undelivered", "/workspace/results", "/demo/messages"):
        lead.go(path)
