"""Words of a message, from its template: one source gives the text part and the HTML part, so that they agree.

A template's first line is the subject. Then come paragraphs, and lines `-> words: address` for what to press;
a paragraph that begins with `! ` stands out.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime, get_timezone_location
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from portal.messages.domain import LONDON, Channel, Contact
from portal.messages.kinds import Kind

_LINK = re.compile(r"-> (?P<words>.+): (?P<address>https?://\S+)")
_LONGEST_TEXT_MESSAGE = 306
"""Two parts of a text message."""


@dataclass(frozen=True)
class Block:
    """A paragraph, or with an address something to press."""

    words: str
    address: str = ""
    strong: bool = False
    """The one thing to see, such as the day and the hour."""


@dataclass(frozen=True)
class Words:
    """A rendered message."""

    subject: str
    text: str
    html: str


class Renderer:
    """Renders messages in the reader's language."""

    def __init__(
        self, templates: Path, translations: Path, public_url: str, *, first_language: Callable[[], str]
    ) -> None:
        """
        Args:
            templates: the folder with `<kind>.txt`, `<kind>.sms.txt` and `layout.html`.
            translations: the folder of the message catalogues.
            first_language: gives the study's first language, for those who have none.
        """
        self._templates = templates
        self._translations = translations
        self._public_url = public_url.rstrip("/")
        self._first_language = first_language
        self._environment = lru_cache(maxsize=32)(self._make_environment)
        self._catalogue = lru_cache(maxsize=32)(self._load_catalogue)

    def render(
        self, kind: Kind, contact: Contact, context: Mapping[str, str], *, channel: Channel, stop_url: str = ""
    ) -> Words:
        """The message for somebody."""
        language = contact.language or self._first_language()
        environment = self._environment(language)
        known = {"public_url": self._public_url, "group": contact.group, **context}
        for name in kind.may:
            known.setdefault(name, "")
        if channel is Channel.SMS:
            template = environment.select_template([f"{kind.name}.sms.txt", "any.sms.txt"])
            return Words("", template.render(known).strip()[:_LONGEST_TEXT_MESSAGE], "")
        written = environment.get_template(f"{kind.name}.txt").render(known)
        subject, _, body = written.strip().partition("\n")
        blocks = [_block(part) for part in re.split(r"\n\s*\n", body.strip())]
        page = environment.get_template("layout.html")
        direction = Locale.parse(language, sep="-").text_direction
        around: dict[str, Any] = {"for_team": kind.for_team, "stop_url": stop_url}
        html = page.render(subject=subject, blocks=blocks, language=language, direction=direction, **around)
        text = environment.get_template("layout.txt").render(blocks=blocks, **around)
        return Words(subject, text.strip() + "\n", html)

    def say(self, sentence: str, language: str = "") -> str:
        """A sentence that goes along with a message, such as in a calendar file, in the reader's language."""
        return str(self._catalogue(language or self._first_language()).gettext(sentence))

    def _load_catalogue(self, language: str) -> NullTranslations:
        return Translations.load(self._translations, [str(Locale.parse(language, sep="-"))])

    def _make_environment(self, language: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(self._templates),
            undefined=StrictUndefined,
            autoescape=select_autoescape(["html"]),
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        locale = Locale.parse(language, sep="-")
        environment.install_gettext_translations(self._catalogue(language), newstyle=True)  # type: ignore[attr-defined]
        environment.filters["day"] = lambda moment: _london(moment, "EEEE d MMMM y", locale)
        environment.filters["hour"] = lambda moment: _london(moment, "HH:mm", locale)
        environment.filters["elsewhere"] = lambda moment, zone: _elsewhere(moment, zone, locale)
        return environment


def _block(part: str) -> Block:
    words = " ".join(part.split())
    link = _LINK.fullmatch(words)
    if link:
        return Block(link["words"], link["address"])
    return Block(words.removeprefix("! "), strong=words.startswith("! "))


def _london(moment: str, pattern: str, locale: Locale) -> str:
    return format_datetime(datetime.fromisoformat(moment), pattern, tzinfo=LONDON, locale=locale)


def _elsewhere(moment: str, zone: str, locale: Locale) -> str:
    """The hour in somebody's own zone, such as "Thursday 11:00 (Paris)"; empty if London's clocks say the same."""
    at = datetime.fromisoformat(moment)
    if not zone or at.astimezone(ZoneInfo(zone)).utcoffset() == at.astimezone(LONDON).utcoffset():
        return ""
    city = get_timezone_location(zone, locale=locale, return_city=True)
    return f"{format_datetime(at, 'EEEE HH:mm', tzinfo=ZoneInfo(zone), locale=locale)} ({city})"
