"""Print a record: HTML from our own template, then PDF/A-3a with the record and its enclosures inside."""

from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from weasyprint import Attachment

from portal.receipts.domain import RECORD_NAME, Record
from portal.receipts.drawings import Picture, Strokes
from portal.receipts.fetching import SCHEME, OnlyOurs, PictureInMemory
from portal.receipts.press import Page, Printed, press
from portal.receipts.text import printable

LONDON = ZoneInfo("Europe/London")


class Renderer:
    """Prints records. Thread-safe and safe to use after a fork, as its press is."""

    def __init__(self, templates: Path, translations: Path, verify_url: str) -> None:
        """
        Args:
            templates: the folder that holds `receipt.html`, `document.html` and `receipt.css`.
            translations: the folder of the message catalogues.
            verify_url: where anybody can check a receipt; printed on it.
        """
        self._templates = templates
        self._translations = translations
        self._verify_url = verify_url
        self._environment = lru_cache(maxsize=32)(self._make_environment)
        self._press = press(templates)

    def render(self, record: Record) -> Printed:
        """The record as PDF/A-3a, unsealed.

        A record with characters that no installed font has is printed with a sentence that says so; the record
        inside the file has them all.
        """
        identifier, attached = bytes.fromhex(record.fingerprint)[:16], _attached(record)
        printed = self._press.print(self.page(record), identifier, attached)
        if printed.complete:
            return printed
        return self._press.print(self.page(record, complete=False), identifier, _attached(record))

    def page(self, record: Record, *, complete: bool = True) -> Page:
        """The record as HTML."""
        pictures = {
            f"{SCHEME}{number}": _picture(signature.drawing)
            for number, signature in enumerate(record.signatures)
            if signature.drawing is not None
        }
        html = (
            self._environment(record.language)
            .get_template("receipt.html")
            .render(
                record=record,
                record_name=RECORD_NAME,
                scheme=SCHEME,
                complete=complete,
                verify_url=self._verify_url,
            )
        )
        return Page(html, pictures)

    def document(self, title: str, body_html: str, footer: str, language: str) -> bytes:
        """A document of the study, such as an information sheet, as PDF/A-3a without a seal.

        Args:
            body_html: the document's own HTML, already sanitised. What it links to from outside is not fetched.
            footer: stands on every page, such as the version.
        """
        html = (
            self._environment(language)
            .get_template("document.html")
            .render(title=title, body=Markup(body_html), footer=footer, language=language)  # noqa: S704 - see Args
        )
        return self._press.document(html)

    def _make_environment(self, language: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(self._templates),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            auto_reload=False,
        )
        locale = Locale.parse(language, sep="-")
        translations = Translations.load(self._translations, [locale])
        environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
        environment.filters.update(_filters(locale))
        environment.globals["direction"] = locale.text_direction
        return environment


def _filters(locale: Locale) -> dict[str, Any]:
    return {
        "printable": printable,
        "in_groups": _in_groups,
        "on_day": lambda day: format_date(day, "d MMMM y", locale=locale),
        "in_london": lambda moment: _in_london(moment, locale),
        "in_utc": lambda moment: moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        "page_numbers": _page_numbers,
    }


def _in_london(moment: datetime, locale: Locale) -> str:
    """As "24 November 2026, 14:33 GMT": the zone's letters tell the two hours at the end of summer time apart."""
    local = moment.astimezone(LONDON)
    return f"{format_datetime(local, 'd MMMM y, HH:mm', locale=locale)} {local.tzname()}"


def _in_groups(digest: str) -> str:
    """A hash in groups of eight, so that two people can read it to each other."""
    return " ".join(digest[at : at + 8] for at in range(0, len(digest), 8))


def _page_numbers(sentence: str) -> Markup:
    """ "Page X of Y" in any language, with the counters where the letters stand."""
    made = str(escape(sentence)).replace("X", '<span class="page"></span>', 1)
    return Markup(made.replace("Y", '<span class="pages"></span>', 1))  # noqa: S704 - escaped above


def _picture(drawing: Strokes | Picture) -> PictureInMemory:
    if isinstance(drawing, Picture):
        return PictureInMemory(drawing.png, "image/png")
    return PictureInMemory(drawing.as_svg().encode("utf-8"), "image/svg+xml")


def _attached(record: Record) -> list[Attachment]:
    """The files inside the receipt, by name: the order that PDF asks for. One list serves one printing."""
    files = [(RECORD_NAME, "Source", "What this receipt says, as canonical JSON", record.as_json())]
    files += [(one.name, "Supplement", one.description, one.content) for one in record.enclosures]
    made = record.made_at.astimezone(UTC)
    return [
        Attachment(
            file_obj=BytesIO(content),
            name=name,
            description=description,
            created=made,
            modified=made,
            relationship=relationship,
            url_fetcher=OnlyOurs(),
        )
        for name, relationship, description, content in sorted(files)
    ]
