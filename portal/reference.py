"""References that a person can read out on the phone."""

import secrets

_LETTERS = "23456789BCDFGHJKLMNPQRSTVWXYZ"
"""No vowels and no look-alikes: a reference spells nothing."""


def new_reference(letter: str) -> str:
    """A fresh reference such as C-7QK2-M4XB-9TWD: about 58 random bits, saying nothing of anybody."""
    parts = ["".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3)]
    return "-".join([letter, *parts])
