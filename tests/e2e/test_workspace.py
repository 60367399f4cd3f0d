"""The lead's day in Chromium: overview, participant, an export checked offline; axe on every page, wide and narrow."""

import subprocess
import sys
import zipfile

import pytest
from playwright.sync_api import expect

from tests.e2e.server import demonstration
from tests.e2e.staff import Staff

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with demonstration(tmp_path_factory) as server:
        yield server


@pytest.fixture
def lead(chromium, portal):
    """The lead, signed in."""
    made = Staff(chromium, portal.url, next(one for one in portal.cast()["staff"] if one["role"] == "lead"))
    made.sign_in()
    yield made
    made.context.close()


def test_overview_participant_and_an_export_that_is_checked_offline(lead, portal, tmp_path):
    page = lead.page
    lead.check()
    expect(page.get_by_role("img", name="Flow of participants")).to_be_visible()
    lead.press("consents to countersign", "link")
    expect(page.get_by_text("2 participants")).to_be_visible()
    for path in (
        "/workspace/participants/C-0004", "/workspace/participants/C-0004/notes", "/workspace/sampling",
        "/workspace/participants/C-0004/identity", "/workspace/participants/C-0004/erase", "/workspace/retention",
        "/workspace/participants/C-0004/copy",
    ):  # fmt: skip
        lead.go(path)
    lead.go("/workspace/exports")
    lead.press("Take it out")
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    page.get_by_label("The site file").check()
    page.get_by_label("Monitoring, audit or inspection").check()
    page.get_by_label("In a few words, for the record").fill("to try it")
    with page.expect_download() as download:
        page.get_by_role("button", name="Take it out").click()
    saved = tmp_path / "site-file.zip"
    download.value.save_as(saved)
    folder = tmp_path / "unpacked"
    zipfile.ZipFile(saved).extractall(folder)
    done = subprocess.run([sys.executable, "-I", folder / "verify.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    receipts = list((folder / "receipts").rglob("*.pdf"))
    assert len(receipts) == (folder / "receipts.csv").read_text(encoding="utf-8").count(".pdf,") > 0
    lead.go("/workspace/exports")
    expect(page.get_by_text("to try it")).to_be_visible()
