"""Templates: the NHS design system's macros, our filters, and the built assets under their hashed names."""

import json
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from flask import Flask
from flask_babel import format_date, format_datetime, gettext
from jinja2 import ChainableUndefined, ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader

from portal.sentence import Sentence


class AssetsMissing(Exception):
    """`make assets` has not been run."""


def init_app(app: Flask, static: Path, templates: Path) -> None:
    """Prepare Jinja. `static` holds dist/manifest.json with the built assets' names."""
    app.jinja_options = {
        **app.jinja_options,
        "undefined": ChainableUndefined,  # nhsuk-frontend-jinja's macros need it
        "trim_blocks": True,
        "lstrip_blocks": True,
        "extensions": ["jinja2.ext.i18n"],
    }
    app.jinja_loader = ChoiceLoader(
        [
            FileSystemLoader(templates),
            PackageLoader("nhsuk_frontend_jinja"),
            PrefixLoader({"nhsuk_frontend_jinja": PackageLoader("nhsuk_frontend_jinja")}),
        ]
    )
    app.add_template_filter(_moment, "moment")
    app.add_template_filter(_day, "day")
    app.add_template_filter(in_words, "in_words")
    app.add_template_filter(_to_the_second, "to_the_second")
    manifest = static / "dist" / "manifest.json"

    @app.template_global()
    def asset(name: str) -> str:
        """Address of a built asset, such as "portal.css"."""
        return f"/static/dist/{_names(manifest)[name]}"


def _moment(value: datetime) -> str:
    """A moment as people in the UK read it: 24 November 2026 at 14:05."""
    day, time = format_datetime(value, "d MMMM y"), format_datetime(value, "HH:mm")
    return str(gettext("%(day)s at %(time)s", day=day, time=time))


def _to_the_second(value: datetime) -> str:
    """A time of day to the second: 14:05:09."""
    return str(format_datetime(value, "HH:mm:ss"))


def _day(value: date) -> str:
    """A day: 24 November 2026."""
    return str(format_date(value, "d MMMM y"))


def in_words(sentence: Sentence) -> str:
    """A sentence in the reader's language."""
    return str(gettext(sentence.text, **sentence.values))


@lru_cache(maxsize=4)
def _names(manifest: Path) -> dict[str, str]:
    try:
        names: dict[str, str] = json.loads(manifest.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AssetsMissing("the pages' styles and scripts are not built yet: run `make assets`") from None
    return names
