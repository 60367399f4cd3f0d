"""Every page that a participant can be at, 320 CSS pixels wide (WCAG's reflow): axe finds nothing, nothing is too wide.
Nor is it on a common phone with text twice as large.

Which pages there are is told by the routes, so that a new one cannot be forgotten: one without anything in its address
is visited by itself; for others, the test fails until somebody of the cast comes to them on her way.
"""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from portal.rooms.domain import Ending
from tests.e2e.server import demonstration
from tests.e2e.visitor import Visitor
from tests.support.browsers import axe_violations

pytestmark = pytest.mark.browser

NARROW = {"width": 320, "height": 640}
DRAWN = "document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))"
NOT_PAGES = {
    "/information.pdf": "a file",
    "/receipts/<reference>.pdf": "a file",
    "/interview/appointment.ics": "a file",
}
_PINNED = Path(__file__).parents[1] / "architecture" / "routes.txt"


def own_pages():
    """The addresses of a participant's pages, as `tests.architecture.routes` lists them."""
    lines = (line.split(" ", 2) for line in _PINNED.read_text(encoding="utf-8").splitlines())
    found = {
        rule for permission, methods, rule in lines if permission == "participant:journey:use" and "GET" in methods
    }
    return found - set(NOT_PAGES)


class Walker(Visitor):
    """Somebody whose pages are all looked at, and what is wrong with them noted."""

    def __init__(self, browser, base):
        super().__init__(browser, base, viewport=NARROW)
        self.rules = Map([Rule(rule, endpoint=rule) for rule in own_pages()]).bind("portal")
        self.seen, self.wrong = set(), {}

    def check(self):
        path = urlsplit(self.page.url).path
        self.page.evaluate(DRAWN)
        wrong = [*axe_violations(self.page), *self.problems]
        self.problems.clear()
        wrong += [*self.wider_than(NARROW["width"], "100%"), *self.wider_than(390, "200%")]
        self.page.set_viewport_size(NARROW)
        if wrong:
            self.wrong.setdefault(path, []).extend(wrong)
        try:
            self.seen.add(self.rules.match(path)[0])
        except HTTPException:
            return  # a page of everybody's on the way

    def wider_than(self, width, text):
        """Whether the page has to be moved sideways on a screen so wide, with text so large."""
        self.page.set_viewport_size({**NARROW, "width": width})
        self.page.evaluate("size => { document.documentElement.style.fontSize = size }", text)
        self.page.evaluate(DRAWN)
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        self.page.evaluate("document.documentElement.style.fontSize = ''")
        return [f"{wide} pixels wide, not {width}, with text of {text}"] if wide > width else []

    def come_in(self, link):
        self.page.goto(link)
        self.check()
        self.press("Open my invitation")

    def find(self, path):
        """Everything that the page at the path leads to and that is below the path."""
        self.go(path)
        found = self.page.eval_on_selector_all("main a[href]", "all => all.map(one => one.getAttribute('href'))")
        return sorted({one for one in found if one.startswith(f"{path}/")})


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with demonstration(tmp_path_factory) as server:
        yield server


def test_every_page_is_clean_and_fits_a_narrow_screen_and_large_text(caller, portal):
    cast, seen, wrong = portal.cast()["participants"], set(), {}
    for who, walk in WALKS.items():
        she = Walker(caller, portal.url)
        she.come_in(next(one["link"] for one in cast if one["who"].endswith(who)))
        walk(she)
        she.context.close()
        seen |= she.seen
        for path, found in she.wrong.items():
            wrong.setdefault(path, []).extend(found)
    assert wrong == {}
    assert own_pages() - seen == set(), "nobody came to these pages: let somebody do so in this test"


def everything(she):
    """Somebody who has consented looks at each page that has nothing in its address, then at what these lead to."""
    for rule in sorted(one for one in own_pages() if "<" not in one):
        she.go(rule)
    for path in ("/about-you", "/withdraw"):
        for below in she.find(path):
            she.go(below)
    for path in ("/contact", "/verify"):
        she.go(path)
    she.go("/your-email")
    she.page.locator("main input[name=email]").fill("no address")
    she.press("Save")
    she.go("/messages")
    she.press("Send")


def consents(she):
    """Somebody who has read the information consents: in each state of each page, with errors and without."""
    she.go("/consent")
    she.press("Start", "link")
    first = urlsplit(she.page.url).path
    she.press("Continue")
    she.page.get_by_label("No", exact=True).check()
    she.page.get_by_label("Your initials").fill("IP")
    she.press("Continue")
    she.go("/no-thanks")
    she.go("/consent/statements")
    she.press("Continue")
    she.go(first)
    while "/consent/statement/" in she.page.url:
        she.page.get_by_label("Yes").check()
        she.page.get_by_label("Your initials").fill("IP")
        she.press("Continue")
    she.press("Continue to sign")
    she.press("Sign and send")
    she.page.get_by_label("Type your full name").fill("Invented Person")
    she.press("Sign and send")
    for below in she.find("/about-you"):
        she.go(below)
        she.press("Continue")


def moves_her_time(she):
    """Somebody with a booking takes another time, and at last cancels it."""
    she.go("/interview/times?view=calendar")
    she.go("/interview/times")
    with she.page.expect_navigation():
        she.page.locator("main form[action$='/interview/hold'] button").first.click()
    she.check()
    she.go("/interview/cancel")
    she.press("Cancel")
    she.go("/interview")


def talks(she):
    """Somebody whose interview is on goes in, and sees each way in which it may have ended."""
    for path in ("/room", "/room/check", "/room/not-now", "/room/call"):
        she.go(path)
    for how in Ending:
        she.go(f"/room/over/{how}")


def stops(she):
    """Somebody withdraws from everything."""
    she.go("/withdraw/stop-remove")
    she.press("Yes, do this")
    for path in ("/home", "/consent", "/interview", "/room", "/about-you"):
        she.go(path)


WALKS = {
    "is reading the information": consents,
    "has answered everything": moves_her_time,
    "has an interview now": talks,
    "has consented, not countersigned yet": lambda she: (everything(she), stops(she)),
}
"""By who in the cast it is."""
