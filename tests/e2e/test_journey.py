"""The whole journey in Chromium at phone width, for both groups, with and without JavaScript; axe on every page."""

import subprocess
import sys

import pytest
from playwright.sync_api import expect

from portal.settings import ROOT
from tests.e2e.server import demonstration
from tests.e2e.visitor import Visitor
from tests.support.codes import fresh_code

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with demonstration(tmp_path_factory) as server:
        yield server


@pytest.fixture(scope="module")
def cast(portal):
    return portal.cast()


def first_of(cast, who):
    return next(one for one in cast["participants"] if one["who"].startswith(who) and not one["email"])


@pytest.mark.parametrize("group", ["Mothers", "Practitioners"])
def test_with_javascript(chromium, portal, cast, group, tmp_path):
    journey(Visitor(chromium, portal.url), first_of(cast, group)["link"], tmp_path)


@pytest.mark.parametrize("group", ["carer", "practitioner"])
def test_without_javascript(chromium, portal, cast, group, tmp_path):
    lead = Visitor(chromium, portal.url, viewport={"width": 1280, "height": 800})
    link = invite(lead, cast, group)
    journey(Visitor(chromium, portal.url, javascript=False), link, tmp_path)
    lead.context.close()


def invite(staff, cast, group):
    """A researcher signs in and makes an invitation."""
    member = next(one for one in cast["staff"] if one["role"] == ("lead" if group == "carer" else "researcher"))
    staff.go("/team/sign-in")
    staff.page.get_by_label("E-mail address").fill(member["email"])
    staff.page.get_by_label("Password").fill(member["password"])
    staff.page.get_by_label("Code from your authenticator app").fill(fresh_code(member["totp_secret"]))
    staff.press("Sign in")
    expect(staff.page.get_by_role("heading", name="Participants")).to_be_visible()
    for path in ("/workspace/participants/C-0003", "/workspace/participants/C-0003/countersign"):
        staff.go(path)
    if group == "carer":
        for path in ("/workspace/audit", "/team/members"):
            staff.go(path)
    staff.go("/workspace/invite")
    staff.press("Make the invitation")  # nothing chosen: an error page, checked like all others
    staff.page.get_by_label("Mothers and carers" if group == "carer" else "Practitioners").check()
    staff.page.get_by_label("NHS Trust A").check()
    staff.press("Make the invitation")
    return staff.page.locator("#invitation-link").inner_text()


def journey(she, link, folder):
    page = she.page
    page.goto(link)
    she.check()
    she.press("Open my invitation")
    she.press("Read about the study", "link")
    she.press("Continue", "link")
    she.press("Continue")
    she.press("Go to the consent form", "link")
    she.press("Start", "link")
    she.press("Continue")  # without an answer: the error state
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    while "/consent/statement/" in page.url:
        page.get_by_label("Yes").check()
        page.get_by_label("Your initials").fill("IP")
        she.press("Continue")
    she.press("Continue to sign")
    she.press("Sign and send")  # without a name
    page.get_by_label("Type your full name").fill("Invented Person")
    if she.javascript:
        draw(page)
    she.press("Sign and send")
    expect(page.get_by_role("heading", name="Your consent is recorded")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save your copy (PDF)").click()
    saved = folder / "receipt.pdf"
    download.value.save_as(saved)
    whole(saved)
    she.press("Go on to your study page", "link")
    she.press("Tell us a little about you", "link")
    she.press("Start", "link")
    she.press("Continue")  # nothing chosen
    while "/about-you/" in page.url:
        page.get_by_label("Prefer not to say").check()
        she.press("Continue")
    expect(page.get_by_text("Thank you. That is all we ask.")).to_be_visible()
    for path in (
        "/withdraw",
        "/withdraw/stop-recording",
        "/your-data",
        "/afterwards",
        "/your-email",
        "/verify",
        "/nowhere",
    ):
        page.goto(she.base + path)
        if path == "/nowhere":
            she.problems.clear()  # the browser notes every 404
        she.check()
    she.context.close()


def draw(page):
    page.locator("[data-signature] svg").scroll_into_view_if_needed()
    box = page.locator("[data-signature] svg").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    for at in range(20):
        page.mouse.move(box["x"] + 20 + at * 8, box["y"] + 20 + (at % 4) * 10)
    page.mouse.up()
    assert page.locator("#drawn").input_value().startswith("600x200;")


def whole(saved):
    """The real pdfsig and our own check from outside agree; tampered copies are refused."""
    seen = subprocess.run(["pdfsig", str(saved)], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in seen
    assert "Total document signed" in seen


def test_portal_verify_tells_whole_from_tampered(chromium, portal, cast, tmp_path):
    person = next(one for one in cast["participants"] if "answered everything" in one["who"])
    she = Visitor(chromium, portal.url)
    page = she.page
    page.goto(person["link"])
    she.press("Open my invitation")
    with page.expect_download() as download:
        page.get_by_role("link", name="save the copy").first.click()
    saved = tmp_path / "receipt.pdf"
    download.value.save_as(saved)
    she.context.close()
    data = saved.read_bytes()
    changed = data[:3000] + bytes([data[3000] ^ 1]) + data[3001:]
    copies = {"whole": (data, 0), "changed": (changed, 1), "junk": (data + b"\n%junk", 1)}
    for name, (content, code) in copies.items():
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(content)
        command = [sys.executable, "-m", "portal", "verify", str(path)]
        assert (
            subprocess.run(command, cwd=ROOT, env=portal.environ, capture_output=True, check=False).returncode == code
        ), name


def test_exit_leaves_at_once_and_the_way_back_is_shut(chromium, portal, cast):
    she = Visitor(chromium, portal.url)
    page = she.page
    page.route(
        "https://www.bbc.co.uk/**", lambda route: route.fulfill(body="<h1>Weather</h1>", content_type="text/html")
    )
    page.goto(next(one for one in cast["participants"] if "reading" in one["who"])["link"])
    she.press("Open my invitation")
    page.get_by_role("link", name="Exit this page").click()
    page.wait_for_url("https://www.bbc.co.uk/**")
    page.go_back()
    page.wait_for_load_state()
    assert "Your study page" not in page.content()
    she.context.close()


def test_three_presses_of_shift_leave_too(chromium, portal):
    she = Visitor(chromium, portal.url)
    she.page.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(body="Weather", content_type="text/html"))
    she.go("/sign-in")
    for _ in range(3):
        she.page.keyboard.press("Shift")
    she.page.wait_for_url("https://www.bbc.co.uk/**")
    she.context.close()
