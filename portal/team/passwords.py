"""Whether a password is easily guessed: common ones, patterns, the study's own words, her own name."""

import re
from collections.abc import Iterable

from zxcvbn import zxcvbn

_LOOKED_AT = 72
"""zxcvbn takes time that grows with the square of the length; nothing beyond so many characters makes one weak."""
_OF_ONES_OWN = 6
"""Letters and digits that must be left when the words of the context are taken out."""
_STRONG = 3
"""zxcvbn's score from which on guessing takes more than 10^8 tries."""


def easily_guessed(password: str, context: Iterable[str]) -> bool:
    """True for a password that an attacker tries early.

    Args:
        context: texts whose words must not make up the password, such as the study's title and her own name.
    """
    words = sorted({word.casefold() for text in context for word in re.findall(r"\w{3,}", text)}, key=len, reverse=True)
    rest = password.casefold()
    for word in words:
        rest = rest.replace(word, "")
    if len(re.sub(r"\W", "", rest)) < _OF_ONES_OWN:
        return True
    return int(zxcvbn(password[:_LOOKED_AT], user_inputs=words)["score"]) < _STRONG
