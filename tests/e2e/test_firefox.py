"""The journey in Debian's Firefox: from the invitation to a sealed copy, and the quick way out."""

import json

import pytest

from tests.e2e.interviews import Firefox
from tests.e2e.server import demonstration

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with demonstration(tmp_path_factory) as server:
        yield server


@pytest.fixture
def browser():
    made = Firefox()
    yield made
    made.close()


class She:
    """A mother at Firefox. What she presses is found by its words, as she would find it."""

    def __init__(self, browser, base):
        self.browser, self.base = browser, base

    def go(self, address):
        self.browser.ask("open", who="she", url=address)

    def evaluate(self, expression):
        return self.browser.ask("evaluate", who="she", expression=expression)

    def press(self, words):
        """Press a button or a link by its words, and wait for the page that it leads to."""
        self.evaluate("document.body.dataset.before = 'yes'")
        found = self.evaluate(
            "(() => { const all = [...document.querySelectorAll('main button, main a, .app-exit a')];"
            f" const one = all.find((each) => each.textContent.trim().startsWith({json.dumps(words)}));"
            " if (one) one.click(); return Boolean(one); })()"
        )
        assert found, f"{words!r} is not on {self.evaluate('location.pathname')}"
        arrived = "document.readyState === 'complete' && document.body && !document.body.dataset.before"
        self.browser.ask("wait", who="she", expression=arrived)

    def fill(self, field, value):
        self.evaluate(f"document.getElementById({json.dumps(field)}).value = {json.dumps(value)}")

    def choose(self, value):
        self.evaluate(f"document.querySelector('main input[value={json.dumps(value)}]').checked = true")

    @property
    def path(self):
        return self.evaluate("location.pathname")

    @property
    def heading(self):
        return self.evaluate("document.querySelector('h1').textContent.trim()")


def test_from_the_invitation_to_the_copy(portal, browser):
    she = She(browser, portal.url)
    she.go(next(one for one in portal.cast()["participants"] if not one["email"])["link"])
    she.press("Open my invitation")
    she.press("Read about the study")
    she.press("Continue")
    she.press("Continue")  # nothing chosen: the check never blocks
    she.go(f"{portal.url}/consent")
    she.press("Start")
    she.press("Continue")  # without an answer
    assert she.evaluate("document.activeElement.closest('.nhsuk-error-summary') !== null")
    while "/consent/statement/" in she.path:
        she.choose("yes")
        she.fill("initials", "IP")
        she.press("Continue")
    she.press("Continue to sign")
    she.fill("name", "Invented Person")
    she.press("Sign and send")
    assert "Your consent is recorded" in she.heading
    kind = she.evaluate(
        "fetch(document.querySelector('main a[href$=\".pdf\"]').href).then(async (answer) =>"
        " [answer.status, answer.headers.get('Content-Type'), (await answer.text()).slice(0, 5)])"
    )
    assert kind == [200, "application/pdf", "%PDF-"]
    wide = she.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert wide


def test_going_back_shows_what_was_answered(portal, browser):
    she = She(browser, portal.url)
    people = [one for one in portal.cast()["participants"] if "reading" in one["who"]]
    she.go(people[0]["link"])
    she.press("Open my invitation")
    she.go(f"{portal.url}/consent/statement/read-sheet")
    she.choose("yes")
    she.fill("initials", "IP")
    she.press("Continue")
    she.evaluate("history.back()")
    back = "location.pathname.endsWith('/read-sheet') && document.querySelector('main input[value=yes]')"
    browser.ask("wait", who="she", expression=back)
    she.go(f"{portal.url}/consent/statement/read-sheet")
    assert she.evaluate("document.querySelector('main input[value=yes]').checked")
