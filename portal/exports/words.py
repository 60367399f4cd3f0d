"""The language of whoever takes something out."""

from portal.exports.domain import Reader, Words
from portal.sentence import Sentence
from portal.web.i18n import in_words_later, language_and_direction


def reader() -> Reader:
    """Whoever asks now."""
    say = in_words_later()

    def tell(words: Words) -> str:
        return say(words) if isinstance(words, Sentence) else words

    return Reader(**language_and_direction(), tell=tell)
