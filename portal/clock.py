"""What time it is, as a function that tests replace."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment, aware and in UTC."""


def now() -> datetime:
    """The present moment, aware and in UTC."""
    return datetime.now(UTC)
