"""The two things that a member shows to sign in: a password (argon2id) and a time-based code."""

import secrets
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

_STEP = 30


class Passwords:
    """Hashes and checks passwords. Takes as long for somebody unknown as for somebody known."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._nobody = hasher.hash(secrets.token_hex(16))

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        return self._hasher.hash(password)

    def right(self, hashed: str | None, password: str) -> bool:
        """Whether the password is the one that was hashed; None stands for nobody."""
        try:
            self._hasher.verify(hashed or self._nobody, password)
        except VerificationError:
            return False
        return hashed is not None


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """The 30-second step that the code belongs to: the present one, or one before or after for a wrong clock."""
    totp, now = pyotp.TOTP(secret), int(at.timestamp())
    for step in (now // _STEP, now // _STEP - 1, now // _STEP + 1):
        if secrets.compare_digest(totp.at(step * _STEP).encode(), code.encode("utf-8", "replace")):
            return step
    return None
