"""One press for a process, with one set of fonts; what everybody reads is printed once."""

from threading import Barrier, Thread

import pytest

from portal.cli.supervisor import Fork
from portal.receipts import press as module
from portal.receipts.press import KEPT, Page, Press, press
from portal.receipts.render import Renderer
from portal.settings import ROOT

TEMPLATES = ROOT / "templates" / "receipts"
HTML = "<html lang=en><head><title>{0}</title></head><body><p>{0}</p></body></html>"


@pytest.fixture
def printed(monkeypatch) -> list[str]:
    """Every page that was really laid out."""
    seen: list[str] = []
    usual = module.HTML

    def noted(string, url_fetcher):
        seen.append(string)
        return usual(string=string, url_fetcher=url_fetcher)

    monkeypatch.setattr(module, "HTML", noted)
    return seen


def test_all_renderers_of_a_process_share_the_fonts_and_the_style_sheet():
    one, other = (Renderer(TEMPLATES, ROOT / "translations", "https://study.example.org/verify") for _ in range(2))
    pages = [one.document("A sheet", "<p>Text</p>", footer, "en") for footer in ("Version 1", "Version 2")]
    assert pages[0] != pages[1]
    fonts = press(TEMPLATES)._fonts
    assert other.document("A sheet", "<p>Text</p>", "Version 1", "en") == pages[0]
    assert press(TEMPLATES)._fonts is fonts


def test_the_same_document_is_printed_once_and_another_anew(printed):
    made = Press(TEMPLATES)
    first = made.document(HTML.format("one"))
    assert first.startswith(b"%PDF-")
    assert made.document(HTML.format("one")) is first
    assert made.document(HTML.format("two")) != first
    assert printed == [HTML.format("one"), HTML.format("two")]


def test_what_is_kept_has_an_end(monkeypatch):
    made, laid_out = Press(TEMPLATES), []
    monkeypatch.setattr(made, "print", lambda page, _id, _files: laid_out.append(page) or module.Printed(b"", True))
    for number in range(KEPT + 1):
        made.document(HTML.format(number))
    made.document(HTML.format(0))
    assert len(laid_out) == KEPT + 2


def test_receipts_are_never_kept(printed):
    made = Press(TEMPLATES)
    pages = [made.print(Page(HTML.format("one"), {}), b"0" * 16, []).pdf for _ in range(2)]
    assert pages[0] == pages[1]
    assert len(printed) == 2


def test_it_prints_the_same_after_a_fork_and_on_many_threads(tmp_path):
    made = Press(TEMPLATES)
    before = made.print(Page(HTML.format("one"), {}), b"0" * 16, []).pdf
    copy = tmp_path / "copy.pdf"
    child = Fork(lambda: copy.write_bytes(made.print(Page(HTML.format("one"), {}), b"0" * 16, []).pdf))
    assert child.wait(60) == 0
    assert copy.read_bytes() == before
    together, found = Barrier(3), []

    def print_too():
        together.wait()
        found.append(made.print(Page(HTML.format("one"), {}), b"0" * 16, []).pdf)

    threads = [Thread(target=print_too) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [before] * 3
