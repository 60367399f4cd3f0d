"""The press of a process: WeasyPrint with our fonts and style sheet, slow to make and the same for all prints."""

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pydyf
from weasyprint import CSS, HTML, Attachment, Document
from weasyprint.text.fonts import FontConfiguration

from portal.canonical import sha256_hex
from portal.receipts.fetching import OnlyOurs, PictureInMemory

_SHEET = "receipt.css"
_VARIANT = "pdf/a-3a"
KEPT = 32
"""Documents of the study that stay printed, of some 100 KB each: a version has eight, and everybody reads the same."""


@dataclass(frozen=True)
class Page:
    """A page ready to be printed: HTML and the pictures that it names."""

    html: str
    pictures: Mapping[str, PictureInMemory]


@dataclass(frozen=True)
class Printed:
    """A printed page. `complete` is False where no installed font has some character of it."""

    pdf: bytes
    complete: bool


class Press:
    """Prints pages. Thread-safe (one page is laid out at a time) and safe to use after a fork."""

    def __init__(self, templates: Path) -> None:
        """
        Args:
            templates: the folder that holds `receipt.css`.
        """
        self._templates = templates
        self._lock = threading.Lock()
        self._fonts: tuple[int, FontConfiguration, CSS] | None = None
        self._kept = lru_cache(maxsize=KEPT)(self._document)

    def print(self, page: Page, identifier: bytes, attached: Sequence[Attachment]) -> Printed:
        """The page as PDF/A-3a with files in it. The same page, identifier and files give the same bytes."""
        with self._lock:
            fonts, sheet = self._configuration()
            source = HTML(string=page.html, url_fetcher=OnlyOurs(page.pictures))
            document: Document = source.render(font_config=fonts, stylesheets=[sheet], pdf_variant=_VARIANT)
            pdf = document.write_pdf(
                finisher=_name_each_file_once, attachments=attached, pdf_variant=_VARIANT, pdf_identifier=identifier
            )
            return Printed(pdf, complete=not any(font.missing for font in document.fonts.values()))

    def document(self, html: str) -> bytes:
        """A page without pictures and files as PDF/A-3a, printed once where it is asked for again and again."""
        return self._kept(html)

    def _document(self, html: str) -> bytes:
        return self.print(Page(html, {}), bytes.fromhex(sha256_hex(html.encode()))[:16], []).pdf

    def _configuration(self) -> tuple[FontConfiguration, CSS]:
        if self._fonts is None or self._fonts[0] != os.getpid():
            fonts = FontConfiguration()
            text = (self._templates / _SHEET).read_text(encoding="utf-8")
            self._fonts = os.getpid(), fonts, CSS(string=text, font_config=fonts, url_fetcher=OnlyOurs())
        return self._fonts[1], self._fonts[2]


@lru_cache(maxsize=4)
def press(templates: Path) -> Press:
    """The process's press for this folder of templates."""
    return Press(templates)


def _name_each_file_once(_document: Document, pdf: pydyf.PDF) -> None:
    """WeasyPrint 70 lists every attachment twice among the associated files."""
    if "AF" in pdf.catalog:
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
