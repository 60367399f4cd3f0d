"""The lead's pages for team, delegation, amendments and audit at phone width, each checked by axe."""

import shutil

import pytest
from playwright.sync_api import expect

from portal.settings import ROOT
from tests.e2e.server import demonstration
from tests.e2e.visitor import Visitor
from tests.support.codes import fresh_code

pytestmark = pytest.mark.browser
PAGES = (
    "/team/members", "/team/members/2", "/team/recovery", "/team/passkeys", "/workspace/delegation",
    "/workspace/delegation/sign", "/workspace/amendments", "/workspace/amendments/new", "/workspace/audit",
    "/workspace/audit?kind=consent&since=2020-01-01", "/workspace/audit?since=nonsense",
)  # fmt: skip


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with demonstration(tmp_path_factory) as server:
        yield server


@pytest.fixture
def lead(chromium, portal):
    visitor = Visitor(chromium, portal.url)
    member = next(one for one in portal.cast()["staff"] if one["role"] == "lead")
    visitor.go("/team/sign-in")
    visitor.page.get_by_label("E-mail address").fill(member["email"])
    visitor.page.get_by_label("Password").fill(member["password"])
    visitor.page.get_by_label("Code from your authenticator app").fill(fresh_code(member["totp_secret"]))
    visitor.press("Sign in")
    yield visitor
    visitor.context.close()


def test_the_lead_s_pages_and_an_amendment(lead, tmp_path):
    for path in PAGES:
        lead.go(path)
    folder = shutil.copytree(ROOT / "portal" / "study" / "vig", tmp_path / "study")
    form = folder / "carer" / "consent.yaml"
    text = form.read_text(encoding="utf-8").replace("my choice. I can", "my free choice. I can")
    form.write_text(text.replace('version: "0.1"', 'version: "0.2"', 1), encoding="utf-8")
    archive = shutil.make_archive(str(tmp_path / "study"), "zip", tmp_path, "study")
    lead.go("/workspace/amendments/new")
    lead.press("Compare with the published version")  # nothing chosen: the error state
    lead.page.get_by_label("The study's folder as a ZIP file").set_input_files(archive)
    lead.page.get_by_label("What changes and why").fill("Clearer words, at the wish of two mothers.")
    lead.press("Compare with the published version")
    expect(lead.page.locator("ins").filter(has_text="free")).to_be_visible()
    lead.press("I approve this version")
    expect(lead.page.get_by_text("Approved. It is on record.")).to_be_visible()
    lead.go("/workspace/audit")
    lead.press("Check the whole chain now")
    expect(lead.page.get_by_text("The chain holds")).to_be_visible()
