"""Bank holidays of England, as data of the `holidays` library: nothing is looked up."""

from datetime import date
from functools import lru_cache

import holidays


def bank_holidays(first: date, last: date) -> frozenset[date]:
    """Those from the first day to the last, substitute days included."""
    return frozenset(day for year in range(first.year, last.year + 1) for day in _of_year(year) if first <= day <= last)


@lru_cache(maxsize=16)
def _of_year(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=[year]))
