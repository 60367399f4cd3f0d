"""A record as an accessible PDF/A-3a, with its data and the information sheet attached. Nothing is fetched."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from portal.canonical import canonical_json, sha256_hex
from portal.receipts.domain import Record

LONDON = ZoneInfo("Europe/London")
RECORD_NAME = "record.json"


class FetchRefused(Exception):
    """A receipt asked for something outside itself."""


class NothingFetched(URLFetcher):
    """Refuses every address (CVE-2025-68616 and CVE-2026-49452 were ways around lists of allowed ones)."""

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> NoReturn:
        """Raises FetchRefused."""
        raise FetchRefused("a receipt fetches nothing")


class Renderer:
    """Makes PDFs from records. Thread-safe; templates, styles and fonts are read once."""

    def __init__(self, templates: Path, translations: Path) -> None:
        self._templates = templates
        self._translations = translations
        self._fonts = FontConfiguration()
        self._fetcher = NothingFetched()
        style = (templates / "receipt.css").read_text(encoding="utf-8")
        self._style = CSS(string=style, font_config=self._fonts, url_fetcher=self._fetcher)
        self._document = lru_cache(maxsize=32)(self._pdf_of_text)

    def html(self, record: Record) -> str:
        """The receipt as HTML."""
        return (
            self._environment(record.language)
            .get_template("receipt.html")
            .render(record=record, digest=sha256_hex(canonical_json(record.as_data())))
        )

    def pdf(self, record: Record) -> bytes:
        """The receipt as PDF/A-3a, unsealed; the same record gives the same bytes within one process."""
        attached = [_attach(RECORD_NAME, canonical_json(record.as_data()), "The record as canonical JSON", record.at)]
        for name, text in record.attachments.items():
            attached.append(_attach(name, text.encode("utf-8"), "The document as it was shown", record.at))
        return self._write(self.html(record), record.reference, attached)

    def document(self, title: str, body_html: str, footer: str, language: str) -> bytes:
        """A study document, such as the information sheet, as PDF. `body_html` must be safe already."""
        return self._document(title, body_html, footer, language)

    def _pdf_of_text(self, title: str, body_html: str, footer: str, language: str) -> bytes:
        page = (
            self._environment(language)
            .get_template("document.html")
            .render(title=title, body=body_html, footer=footer, language=language)
        )
        return self._write(page, sha256_hex(page.encode())[:32], [])

    def _write(self, html: str, identifier: str, attached: list[Attachment]) -> bytes:
        document = HTML(string=html, url_fetcher=self._fetcher).render(
            font_config=self._fonts, stylesheets=[self._style]
        )
        document.metadata.attachments = attached
        made: bytes = document.write_pdf(pdf_variant="pdf/a-3a", pdf_identifier=identifier.encode(), full_fonts=False)
        return made

    def _environment(self, language: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(self._templates),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        known: NullTranslations = Translations.load(self._translations, [language])
        environment.install_gettext_translations(known, newstyle=True)  # type: ignore[attr-defined]
        environment.filters["moment"] = lambda at: _moment(at, language)
        return environment


def _moment(at: datetime, language: str) -> str:
    return format_datetime(at, "d MMMM y, HH:mm:ss zzz", tzinfo=LONDON, locale=language)


def _attach(name: str, data: bytes, description: str, at: datetime) -> Attachment:
    return Attachment(string=data, name=name, description=description, relationship="Data", created=at, modified=at)
