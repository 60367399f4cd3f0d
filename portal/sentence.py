"""A sentence kept apart from what fills its gaps: a page says it in the reader's language, a command in English."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sentence:
    """`text` with gaps such as %(day)s, and what fills them. As a string it is English."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.values if self.values else self.text


def said(text: str, /, **values: object) -> Sentence:
    """A sentence. `make messages` collects its text, so write it here as a whole, not put together."""
    return Sentence(text, values)
