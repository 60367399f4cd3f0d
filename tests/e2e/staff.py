"""A member of the team at a browser: signs in, and every page that she sees is checked."""

from collections.abc import Mapping

from playwright.sync_api import Browser, Page

from tests.support.browsers import PATIENCE_MS, axe_violations
from tests.support.codes import fresh_code

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


class Staff:
    """One member in a browser context of her own."""

    def __init__(self, browser: Browser, base: str, member: Mapping[str, str], viewport: Mapping[str, int] = DESK):
        self.base, self.member, self.problems = base, member, []
        self.context = browser.new_context(viewport=dict(viewport))
        self.context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda message: message.type == "error" and self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", self._stays_here)

    def _stays_here(self, request) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.problems.append(f"asked outside: {request.url}")

    def sign_in(self) -> None:
        self.page.goto(f"{self.base}/team/sign-in")
        self.page.get_by_label("E-mail address").fill(self.member["email"])
        self.page.get_by_label("Password").fill(self.member["password"])
        self.page.get_by_label("Code from your authenticator app").fill(fresh_code(self.member["totp_secret"]))
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Sign in").click()
        assert "/workspace" in self.page.url, self.page.inner_text("main")

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)
        self.check()

    def check(self) -> None:
        """Axe in a world of its own, since the page's own policy stays in force."""
        assert axe_violations(self.page) == [], self.page.url
        for viewport in (PHONE, DESK):
            self.page.set_viewport_size(dict(viewport))
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= viewport["width"], f"{self.page.url} is {wide} wide at {viewport['width']}"
        assert self.problems == [], (self.page.url, self.problems)

    def press(self, text: str, role: str = "button") -> None:
        with self.page.expect_navigation():
            self.page.get_by_role(role, name=text).first.click()
        self.check()


def authenticator(page: Page) -> str:
    """A passkey device with PRF that says yes at once; gives its number for Chromium's protocol."""
    protocol = page.context.new_cdp_session(page)
    protocol.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True, "hasPrf": True,
    }  # fmt: skip
    return str(protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"])
