"""Bookings per second while everybody wants the same hours, on both databases, with no double booking.

Against the same bookings one after the other, each for an hour of its own, in the same run: what contention costs.
Beside it stands a naive booker, which looks whether the hour is free and then writes it down, as many easily found
systems do: how many it books twice under the same rush. Ours must book none twice.
"""

import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Column, DateTime, Integer, MetaData, Table, func, insert, select

from portal.booking.domain import Slot
from portal.booking.service import BookingService
from portal.db.engine import Database
from portal.settings import Settings
from portal.wiring import Services, build
from tests.booking.crowd import attempt, interviewers, open_door, people
from tests.support.databases import temporary_cluster

PEOPLE, THREADS, INTERVIEWERS, TIMES = 160, 16, 4, 20
GOAL = 2.0
"""Under contention at least half as many attempts a second as without. Our own goal, the plan names none."""
NAIVE = Table("naive", MetaData(), Column("interviewer", Integer), Column("starts_at", DateTime(timezone=True)))


def main() -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    folder = Path(tempfile.mkdtemp(prefix="bench-bookings-"))
    try:
        with temporary_cluster() as cluster:
            cluster.execute("CREATE DATABASE bench")
            found = {
                "sqlite": measured(folder / "one", ""),
                "postgresql": measured(folder / "two", cluster.url("bench")),
            }
    finally:
        shutil.rmtree(folder)
    worst = max(one["alone_per_second"] / one["rush_per_second"] for one in found.values())
    doubles = sum(one["doubles"] for one in found.values())
    print(
        json.dumps(
            {
                "name": "bookings", "figure": round(worst, 2), "unit": "times slower, worse database",
                "against": "the same one after the other, same run", "goal": GOAL,
                "met": worst <= GOAL and doubles == 0, "doubles": doubles, **found,
            }
        )
    )  # fmt: skip


def measured(folder: Path, url: str) -> dict[str, float]:
    """Attempts a second alone and in the rush, what was booked, and doubles of both bookers."""
    services = build(Settings(instance=folder, database_url=url, demonstration=True))
    booking = open_door(services)
    now = booking.now()
    crowd, members = people(services, PEOPLE + TIMES, now), interviewers(services, INTERVIEWERS, now)
    start = (now + timedelta(days=3)).replace(hour=9, minute=0, second=0, microsecond=0)
    times = [start + timedelta(days=at // 4, minutes=90 * (at % 4)) for at in range(2 * TIMES)]
    calm, rushed = times[TIMES:], times[:TIMES]
    alone = rate([partial(attempt, booking, crowd[PEOPLE + at], one) for at, one in enumerate(calm)], 1)
    rush = rate([partial(attempt, booking, crowd[at], rushed[at % TIMES]) for at in range(PEOPLE)], THREADS)
    NAIVE.create(services.get(Database).engine)
    slots = [Slot(rushed[at % TIMES], members[at % INTERVIEWERS], rushed[at % TIMES]) for at in range(PEOPLE)]
    rate([partial(look_then_write, services, slot) for slot in slots], THREADS)
    stands, twice = booked(booking, now), naive_doubles(services)
    services.get(Database).dispose()
    return {
        "alone_per_second": alone, "rush_per_second": rush, "booked": len(stands),
        "doubles": len(stands) - len(set(stands)), "naive_doubles": twice,
    }  # fmt: skip


def rate(acts: Sequence[Callable[[], str]], threads: int) -> float:
    """Attempts a second, so many at once."""
    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda act: act(), acts))
    return round(len(acts) / (time.perf_counter() - started), 2)


def booked(booking: BookingService, now: datetime) -> list[tuple[int, datetime]]:
    """Interviewer and start of everything that stands."""
    found = booking.between(now, now + timedelta(days=60))
    return [(one.interviewer_ids[0], one.starts_at) for one in found if one.cancelled_at is None]


def look_then_write(services: Services, slot: Slot) -> str:
    """The naive booker: two statements, nothing in between that keeps another away."""
    engine = services.get(Database).engine
    same = NAIVE.c.interviewer == slot.interviewer_id, NAIVE.c.starts_at == slot.starts_at.replace(tzinfo=None)
    with engine.connect() as connection:
        taken = connection.scalar(select(func.count()).where(*same))
    if taken:
        return "taken"
    with services.get(Database).transaction() as session:
        session.execute(
            insert(NAIVE).values(interviewer=slot.interviewer_id, starts_at=slot.starts_at.replace(tzinfo=None))
        )
    return "booked"


def naive_doubles(services: Services) -> int:
    """How many of the naive bookings stand on another's hour."""
    with services.get(Database).engine.connect() as connection:
        rows = connection.execute(select(NAIVE.c.interviewer, NAIVE.c.starts_at)).all()
    return len(rows) - len(set(rows))


if __name__ == "__main__":
    main()
