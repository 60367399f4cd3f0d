"""Languages and times. Times are shown in Europe/London wherever the reader is."""

from collections.abc import Callable, Sequence
from pathlib import Path

from babel.support import Translations
from flask import Flask, g, request
from flask_babel import Babel, get_locale, get_translations

from portal.sentence import Sentence

TIME_ZONE = "Europe/London"


def init_app(app: Flask, languages: Sequence[str], translations: Path) -> None:
    """Choose among the study's languages by what the browser asks for."""

    def choose() -> str:
        return request.accept_languages.best_match(languages) or languages[0]

    Babel(
        app,
        default_locale=languages[0],
        default_timezone=TIME_ZONE,
        default_translation_directories=str(translations),
        locale_selector=choose,
    )
    app.context_processor(language_and_direction)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: _catalogue().ugettext(text),
        ngettext=lambda one, many, count: _catalogue().ungettext(one, many, count),
        newstyle=True,
        pgettext=lambda context, text: _catalogue().upgettext(context, text),
        npgettext=lambda context, one, many, count: _catalogue().unpgettext(context, one, many, count),
    )
    app.jinja_env.globals["_"] = app.jinja_env.globals["gettext"]  # not Jinja's alias, which looks it up each time


def in_words(sentence: Sentence) -> str:
    """A sentence in the reader's language."""
    return in_words_later()(sentence)


def in_words_later() -> Callable[[Sentence], str]:
    """The same for what is written once the request is over: the language is found now."""
    catalogue = _catalogue()

    def tell(sentence: Sentence) -> str:
        text = str(catalogue.ugettext(sentence.text))
        return text % sentence.values if sentence.values else text

    return tell


def _catalogue() -> Translations:
    """The request's catalogue, found once: a page asks for hundreds of strings."""
    if "catalogue" not in g:
        g.catalogue = get_translations()
    found: Translations = g.catalogue
    return found


def language_and_direction() -> dict[str, str]:
    """As HTML's `lang` and `dir` want them."""
    locale = get_locale()
    return {"language": str(locale or "en").replace("_", "-"), "direction": locale.text_direction if locale else "ltr"}
