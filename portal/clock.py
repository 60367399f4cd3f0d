"""What time it is, as a function that tests replace."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Gives the present moment, aware and in UTC."""
LONDON = ZoneInfo("Europe/London")


def now() -> datetime:
    """The present moment, aware and in UTC."""
    return datetime.now(UTC)


def london_day(at: datetime) -> date:
    """The calendar day of the moment where the study is, whatever the server's zone and the season."""
    return at.astimezone(LONDON).date()
