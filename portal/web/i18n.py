"""Languages and times. Times are shown in Europe/London wherever the reader is."""

from collections.abc import Sequence
from pathlib import Path

from flask import Flask, request
from flask_babel import Babel, get_locale

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
    app.context_processor(_direction)


def _direction() -> dict[str, str]:
    locale = get_locale()
    return {"language": str(locale or "en").replace("_", "-"), "direction": locale.text_direction if locale else "ltr"}
