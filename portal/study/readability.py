"""How hard a text is to read, as a school grade (add five for the age). ARI and Coleman-Liau need no word lists."""

import re
from dataclasses import dataclass

_SENTENCE_END = re.compile(r"[.!?:]+(?=\s|$)|\n\s*\n|\n(?=[-*\d])")
_WORD = re.compile(r"[A-Za-zÀ-ÿ0-9][A-Za-zÀ-ÿ0-9'’-]*")


@dataclass(frozen=True)
class Readability:
    """Grades of a text."""

    words: int
    sentences: int
    ari: float
    coleman_liau: float

    @property
    def grade(self) -> float:
        """The mean of both."""
        return (self.ari + self.coleman_liau) / 2


def measure(markdown: str) -> Readability:
    """Grades of a Markdown text; links count by their words only."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    text = re.sub(r"\S+@\S+|https?://\S+|www\.\S+|[*_#>`|]", " ", text)
    words = _WORD.findall(text)
    sentences = max(1, len([part for part in _SENTENCE_END.split(text) if _WORD.search(part)]))
    count = max(1, len(words))
    letters = sum(len(re.sub(r"[^A-Za-zÀ-ÿ0-9]", "", word)) for word in words)
    ari = 4.71 * letters / count + 0.5 * count / sentences - 21.43
    coleman = 0.0588 * (100 * letters / count) - 0.296 * (100 * sentences / count) - 15.8
    return Readability(len(words), sentences, round(ari, 1), round(coleman, 1))
