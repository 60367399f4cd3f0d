"""The two things that a member shows to sign in: a password (argon2id) and a time-based code."""

import secrets
from base64 import b64encode
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from argon2.low_level import ARGON2_VERSION

_STEP = 30


class Passwords:
    """Hashes and checks passwords. Takes as long for somebody unknown as for somebody known."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._nobody = _nobodys(hasher)

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


def _nobodys(hasher: PasswordHasher) -> str:
    """A hash in this hasher's form of which nobody knows the password: to check one against it takes as long as against
    any other, and to make one by hashing would take a fifth of a second of each start and command."""
    random = (secrets.token_bytes(length) for length in (hasher.salt_len, hasher.hash_len))
    salt, digest = (b64encode(one).decode("ascii").rstrip("=") for one in random)
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2{hasher.type.name.lower()}$v={ARGON2_VERSION}${costs}${salt}${digest}"


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """The 30-second step that the code belongs to: the present one, or one before or after for a wrong clock."""
    totp, now = pyotp.TOTP(secret), int(at.timestamp())
    for step in (now // _STEP, now // _STEP - 1, now // _STEP + 1):
        if secrets.compare_digest(totp.at(step * _STEP).encode(), code.encode("utf-8", "replace")):
            return step
    return None
