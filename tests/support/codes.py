"""Codes from an authenticator app, for people of the demonstration: no code works twice."""

import time

import pyotp

_STEP = 30
_used: dict[str, int] = {}


def fresh_code(secret: str) -> str:
    """A code that this process has not given before: this half minute's, or the next one's, which is taken early."""
    step = max(int(time.time()) // _STEP, _used.get(secret, 0) + 1)
    time.sleep(max(0, (step - 1) * _STEP - time.time()))
    _used[secret] = step
    return pyotp.TOTP(secret).at(step * _STEP)
