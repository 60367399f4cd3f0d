"""Templates: the NHS design system's macros, our filters, and the built assets under their hashed names."""

import json
from collections.abc import MutableMapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time
from flask import Flask
from flask.templating import Environment
from flask_babel import get_locale
from jinja2 import ChainableUndefined, ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader

from portal.clock import LONDON, london_day
from portal.sentence import said
from portal.web.i18n import in_words


class AssetsMissing(Exception):
    """`make assets` has not been run."""


class Templates(Environment):
    """Flask's environment, without a layer of globals for each template, since ours have none of their own.

    Jinja compares the layers at every import, and the design system's macros import dozens of times on a page.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The environment's own globals, unless a template brings more."""
        return super().make_globals(d) if d else self.globals


def init_app(app: Flask, static: Path, templates: Path) -> None:
    """Prepare Jinja. `static` holds dist/manifest.json with the built assets' names."""
    app.jinja_environment = Templates
    app.jinja_options = {
        **app.jinja_options,
        "autoescape": True,  # in every template: Flask would leave out the design system's macros, which end in .jinja
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
    app.add_template_filter(moment, "moment")
    app.add_template_filter(_day, "day")
    app.add_template_filter(in_words, "in_words")
    app.add_template_filter(_to_the_second, "to_the_second")
    manifest = static / "dist" / "manifest.json"

    @app.template_global()
    def asset(name: str) -> str:
        """Address of a built asset, such as "portal.css"."""
        return f"/static/dist/{_names(manifest)[name]}"


def moment(value: datetime) -> str:
    """A moment as people in the UK read it: 24 November 2026 at 14:05."""
    time = format_time(value.astimezone(LONDON).time(), "HH:mm", locale=_locale())
    return in_words(said("%(day)s at %(time)s", day=_day(value), time=time))


def _to_the_second(value: datetime) -> str:
    """A time of day to the second: 14:05:09."""
    return str(format_time(value.astimezone(LONDON).time(), "HH:mm:ss", locale=_locale()))


def _day(value: date) -> str:
    """A day: 24 November 2026. Of a moment, the day on which it was in London."""
    day = london_day(value) if isinstance(value, datetime) else value
    return str(format_date(day, "d MMMM y", _locale()))


def _locale() -> Locale:
    return get_locale() or Locale("en")


@lru_cache(maxsize=4)
def _names(manifest: Path) -> dict[str, str]:
    try:
        names: dict[str, str] = json.loads(manifest.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AssetsMissing("the pages' styles and scripts are not built yet: run `make assets`") from None
    return names
