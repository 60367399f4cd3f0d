"""A copy's words in the language in which it is asked for."""

from datetime import datetime

from portal.own_copy.domain import Words
from portal.sentence import Sentence
from portal.web.design import moment
from portal.web.i18n import in_words


def told(words: Words) -> str:
    """As a reader takes it in."""
    if isinstance(words, datetime):
        return moment(words)
    if isinstance(words, Sentence):
        return in_words(Sentence(words.text, {name: _told(value) for name, value in words.values.items()}))
    return words


def _told(value: object) -> object:
    return told(value) if isinstance(value, Sentence | datetime | str) else value
