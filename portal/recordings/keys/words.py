"""A key's fingerprint in plain words, to be read out and compared by people.

Eight words of a list of 512 carry 72 bits of SHA-256 over the public key. Whoever wants to pass a key of their own for
yours must find one with the same words: about 2^72 tries. No two words of the list differ in a single letter. The
browser computes the same words from the same list (static/js/recordings/words.json).
"""

import json
from functools import cache

from portal.settings import ROOT

COUNT = 8
_BITS = 9


def words_of(fingerprint: str) -> tuple[str, ...]:
    """The words of a public key's fingerprint, which is the SHA-256 (hex) of the key as written."""
    number, words = int(fingerprint[: COUNT * _BITS // 4], 16), _words()
    return tuple(words[number >> _BITS * place & 511] for place in reversed(range(COUNT)))


@cache
def _words() -> tuple[str, ...]:
    text = (ROOT / "static" / "js" / "recordings" / "words.json").read_text(encoding="ascii")
    return tuple(json.loads(text))
