"""Passkeys in Chromium, with a virtual authenticator that has a finger to verify."""

import pytest
from playwright.sync_api import expect

from tests.e2e.server import demonstration
from tests.e2e.visitor import Visitor
from tests.support.codes import fresh_code

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with demonstration(tmp_path_factory, "localhost") as server:
        yield server


def with_authenticator(visitor):
    """Give the visitor's browser a passkey store; gives a switch for the finger."""
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    kind = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": kind})

    def finger(*, right):
        session.send("WebAuthn.setUserVerified", {"authenticatorId": made["authenticatorId"], "isUserVerified": right})

    return finger


def test_a_mother_comes_back_with_her_finger(chromium, portal):
    she = Visitor(chromium, portal.url)
    with_authenticator(she)
    she.page.goto(portal.cast()["participants"][1]["link"])
    she.press("Open my invitation")
    she.press("Come back without a code", "link")
    she.press("Add a passkey")
    expect(she.page.get_by_text("Your passkey is added")).to_be_visible()
    she.press("Sign out")
    she.go("/sign-in")
    she.press("Use a passkey instead")
    expect(she.page.get_by_role("heading", name="Your study page")).to_be_visible()
    she.context.close()


def test_staff_sign_in_and_a_wrong_finger_does_not(chromium, portal):
    lead = Visitor(chromium, portal.url)
    finger = with_authenticator(lead)
    member = next(one for one in portal.cast()["staff"] if one["role"] == "lead")
    lead.go("/team/sign-in")
    lead.page.get_by_label("E-mail address").fill(member["email"])
    lead.page.get_by_label("Password").fill(member["password"])
    lead.page.get_by_label("Code from your authenticator app").fill(fresh_code(member["totp_secret"]))
    lead.press("Sign in")
    lead.press("Your passkeys", "link")
    lead.press("Add a passkey")
    lead.press("Sign out")
    finger(right=False)
    lead.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(lead.page.get_by_role("alert")).to_contain_text("No passkey was used")
    lead.check()
    finger(right=True)
    lead.press("Sign in with a passkey")
    expect(lead.page.get_by_role("heading", name="Overview")).to_be_visible()
    lead.context.close()


def test_without_javascript_the_code_is_offered_alone(chromium, portal):
    she = Visitor(chromium, portal.url, javascript=False)
    she.go("/sign-in")
    assert not she.page.get_by_role("button", name="Use a passkey instead").is_visible()
    assert she.page.get_by_role("button", name="Send me a code").is_visible()
    she.context.close()
