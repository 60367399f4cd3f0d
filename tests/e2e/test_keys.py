"""Members make and use their keys in Chromium, with a passkey device that has PRF."""

import pytest
from playwright.sync_api import expect

from portal.recordings.age import parse_identity
from portal.recordings.keys.words import words_of
from tests.e2e.server import demonstration
from tests.e2e.staff import Staff, authenticator

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with demonstration(tmp_path_factory) as server:
        yield server


def staff(chromium, portal, role, name="localhost"):
    """Signed in, under a name that passkeys accept, or under a number that they do not."""
    member = next(one for one in portal.cast()["staff"] if one["role"] == role)
    she = Staff(chromium, portal.url.replace("127.0.0.1", name), member)
    she.sign_in()
    return she


def test_make_a_key_with_passphrase_and_passkey_then_add_another_way(chromium, portal):
    she = staff(chromium, portal, "researcher")
    authenticator(she.page)
    she.go("/workspace/keys/new")
    offer, copy = make(she)
    words = " ".join(words_of(parse_identity(copy).recipient.fingerprint))
    she.go("/workspace/keys/recipients")
    assert words in she.page.inner_text("main"), "the server computes the same words"
    add_another(she, offer, copy)
    assert she.page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    assert she.page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    she.context.close()
    for path in portal.instance.rglob("*"):
        assert not path.is_file() or copy.encode() not in path.read_bytes(), path


def make(she):
    """Each step first done wrongly. Gives passphrase and printed copy."""
    page, error = she.page, she.page.locator("[data-error]")
    page.locator("[data-register]").click()
    expect(error).to_contain_text("Set a passphrase first")
    page.fill("#passphrase-first", "short")
    page.locator("[data-passphrase-keep]").click()
    expect(error).to_contain_text("too short")
    offer = page.inner_text("[data-passphrase-offer]")
    assert len(offer.split()) == 7
    page.fill("#passphrase-first", offer)
    page.fill("#passphrase-again", offer + "x")
    page.locator("[data-passphrase-keep]").click()
    expect(error).to_contain_text("not the same")
    page.fill("#passphrase-again", offer)
    page.locator("[data-passphrase-keep]").click()
    expect(page.locator("[data-passphrase-done]")).to_be_visible()
    page.fill("#passkey-name", "work laptop")
    page.locator("[data-passkey-add]").click()
    expect(page.locator("[data-passkeys] li")).to_have_text("work laptop")
    copy = page.locator("[data-copy]").text_content()
    page.locator("[data-register]").click()
    expect(error).to_contain_text("last six characters")
    page.fill("#copy-last", copy[-6:].lower())
    she.check()
    she.press("Register my key")
    return offer, copy


def add_another(she, offer, copy):
    """Unlock by each of the ways, each first wrongly, and add a second passkey."""
    page, error = she.page, she.page.locator("[data-error]").first
    she.go("/workspace/keys")
    address = she.base + str(page.locator("a[href$='/ways/new']").first.get_attribute("href"))  # the newest key's
    assert copy not in page.goto(address).text()
    she.check()
    page.get_by_role("button", name="Unlock with work laptop").click()
    expect(page.locator("[data-new-way]")).to_be_visible()
    she.check()
    page.fill("#passkey-name", "second device")
    she.press("Add a passkey")
    expect(page.get_by_text("second device").first).to_be_visible()
    page.goto(address)
    page.get_by_text("Use a printed copy instead").click()
    page.fill("#printed-copy", copy[:-1] + ("Q" if copy[-1] != "Q" else "P"))
    page.locator("[data-printed-open]").click()
    expect(error).to_contain_text("not a whole printed copy")
    page.fill("#unlock-with", "another passphrase than hers")
    page.get_by_role("button", name="Unlock with the passphrase").click()
    expect(error).to_contain_text("does not open your key")
    page.fill("#unlock-with", f" {offer.replace(' ', '  ')} ")
    page.get_by_role("button", name="Unlock with the passphrase").click()
    expect(page.locator("[data-new-way]")).to_be_visible()


def test_where_passkeys_cannot_be_used_the_page_says_so(chromium, portal):
    she = staff(chromium, portal, "lead", name="127.0.0.1")
    she.go("/workspace/keys/new")
    expect(she.page.locator("[data-passkey-obstacle]")).to_contain_text("Passkeys need the portal's name")
    expect(she.page.locator("[data-passkey-form]")).to_be_hidden()
    she.check()
    she.context.close()
