"""The verification page in a real browser: whole, changed, added to, with junk behind; by keyboard; without scripts."""

import subprocess

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader, PdfWriter

from tests.e2e.server import demonstration
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with demonstration(tmp_path_factory) as server:
        yield server


@pytest.fixture(scope="module")
def files(chromium, portal, tmp_path_factory):
    """A receipt as it is saved, and copies that somebody altered, by what the page says of them."""
    folder = tmp_path_factory.mktemp("receipts")
    person = next(one for one in portal.cast()["participants"] if "answered everything" in one["who"])
    she = Visitor(chromium, portal.url)
    she.page.goto(person["link"])
    she.press("Open my invitation")
    with she.page.expect_download() as download:
        she.page.get_by_role("link", name="save the copy").first.click()
    whole = folder / "whole.pdf"
    download.value.save_as(whole)
    she.context.close()
    data = whole.read_bytes()
    updated = PdfWriter(PdfReader(str(whole)), incremental=True)
    updated.add_metadata({"/Title": "Something else"})
    updated.write(folder / "updated.pdf")
    assert (folder / "updated.pdf").read_bytes().startswith(data)
    (folder / "changed.pdf").write_bytes(data[:3000] + bytes([data[3000] ^ 1]) + data[3001:])
    (folder / "junk.pdf").write_bytes(data + b"\n%junk")
    (folder / "cut.pdf").write_bytes(data[:-40])
    (folder / "text.pdf").write_text("no PDF at all")
    return folder


SAID = {
    "whole": "This receipt is whole: nothing was changed since the organisation sealed it.",
    "changed": "This file was changed after it was sealed. Do not rely on it.",
    "updated": "Something was added to this receipt after it was sealed.",
    "junk": "There are extra bytes after the end of this receipt.",
    "cut": "Not whole",
    "text": "This file is not a PDF.",
}


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_it_tells_each_from_the_others(chromium, portal, files, javascript):
    anybody = Visitor(chromium, portal.url, javascript=javascript)
    for name, words in SAID.items():
        anybody.go("/verify")
        anybody.page.get_by_label("Receipt, a PDF file").set_input_files(files / f"{name}.pdf")
        anybody.press("Check this receipt")
        expect(anybody.page.get_by_role("status")).to_contain_text(words)
        expect(anybody.page.get_by_role("heading", name="Whole", exact=True)).to_have_count(int(name == "whole"))
    anybody.context.close()


def test_pdfsig_agrees(files):
    def seen(name):
        command = ["pdfsig", str(files / f"{name}.pdf")]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    assert "Signature is Valid" in seen("whole")
    assert "Total document signed" in seen("whole")
    assert "Signature is Valid" not in seen("changed")
    assert "Not total document signed" in seen("updated")


def test_by_keyboard_alone(chromium, portal, files):
    anybody = Visitor(chromium, portal.url)
    anybody.go("/verify")
    page = anybody.page
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "file":
            break
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(files / "junk.pdf")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    anybody.check()
    expect(page.get_by_role("status")).to_contain_text(SAID["junk"])
    with page.expect_navigation():
        page.get_by_role("button", name="Check this receipt").press("Enter")
    expect(page.locator(".nhsuk-error-summary")).to_be_focused()
    expect(page.get_by_role("link", name="Choose a PDF file")).to_be_visible()
    anybody.context.close()
