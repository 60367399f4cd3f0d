"""Text as people typed it, made safe to print."""

import unicodedata

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the text around them about: a name could be made to read as another."""


def printable(text: str) -> str:
    """The text as it is, but for characters that would print as nothing or change how the rest reads.

    Joiners (ZWJ, ZWNJ) stay: Persian and Indic scripts need them.
    """
    return "".join(_REPLACEMENT if _misleading(character) else character for character in text)


def _misleading(character: str) -> bool:
    return character in _DIRECTION or unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")
