"""A person at a browser; every page that she sees is checked."""

from tests.support.browsers import PATIENCE_MS, axe_violations

PHONE = {"width": 375, "height": 740}


class Visitor:
    """By default at phone width, with scripts."""

    def __init__(self, browser, base, *, javascript=True, viewport=PHONE, timezone=None):
        self.base, self.javascript, self.problems = base, javascript, []
        self.context = browser.new_context(
            viewport=viewport, java_script_enabled=javascript, bypass_csp=javascript, timezone_id=timezone
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.new_page()
        self.page.on("console", lambda message: message.type == "error" and self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", self._stays_here)

    def _stays_here(self, request):
        if not request.url.startswith((self.base, "data:")):
            self.problems.append(f"asked outside: {request.url}")

    def check(self):
        if self.javascript:
            assert axe_violations(self.page) == [], self.page.url
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= self.page.viewport_size["width"], f"{self.page.url} is {wide} wide"
        assert self.problems == [], self.page.url

    def go(self, path):
        self.page.goto(self.base + path)
        self.check()

    def press(self, text, role="button"):
        with self.page.expect_navigation():
            self.page.get_by_role(role, name=text).first.click()
        self.check()
