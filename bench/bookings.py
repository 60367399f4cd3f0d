"""Bookings per second while everybody wants the same hours, on both databases, with no double booking.

Against: a naive booker in the same run that looks whether the hour is free and then writes it down, on the same
database, as many easily found systems do. It is told beside how many it booked twice; ours must book none twice.
"""

import json
import logging
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Column, DateTime, Integer, MetaData, Table, func, insert, select

from portal.booking.domain import Slot
from portal.booking.service import BookingService
from portal.db.engine import Database
from portal.settings import Settings
from portal.wiring import Services, build
from tests.booking.crowd import attempt, interviewers, open_door, people
from tests.support.databases import Cluster

PEOPLE, THREADS, INTERVIEWERS, TIMES = 160, 16, 4, 20
GOAL = 5.0
"""A booking proper (hold, claims, audit, messages, calendar files) may take at most so many naive ones. Our own goal."""
NAIVE = Table("naive", MetaData(), Column("interviewer", Integer), Column("starts_at", DateTime(timezone=True)))


def main() -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    folder = Path(tempfile.mkdtemp(prefix="bench-bookings-"))
    cluster = Cluster(folder / "postgresql")
    (folder / "postgresql").mkdir()
    cluster.start()
    try:
        cluster.execute("CREATE DATABASE bench")
        found = {
            "sqlite": measured(folder / "one", ""),
            "postgresql": measured(folder / "two", cluster.url("bench")),
        }
    finally:
        cluster.stop()
        shutil.rmtree(folder)
    worst = max(one["naive_per_second"] / one["per_second"] for one in found.values())
    doubles = sum(one["doubles"] for one in found.values())
    print(
        json.dumps(
            {
                "name": "bookings", "figure": round(worst, 2), "unit": "times slower, worse database",
                "against": "look, then write; same run", "goal": GOAL, "met": worst <= GOAL and doubles == 0,
                "doubles": doubles, **found,
            }
        )
    )  # fmt: skip


def measured(folder: Path, url: str) -> dict[str, float]:
    """Bookings a second of both kinds, and doubles of both kinds."""
    services = build(Settings(instance=folder, database_url=url, demonstration=True))
    booking = open_door(services)
    now = booking.now()
    crowd, members = people(services, PEOPLE, now), interviewers(services, INTERVIEWERS, now)
    start = (now + timedelta(days=3)).replace(hour=9, minute=0, second=0, microsecond=0)
    times = [start + timedelta(days=at // 4, minutes=90 * (at % 4)) for at in range(TIMES)]
    slots = [Slot(times[at % TIMES], members[at % INTERVIEWERS], times[at % TIMES]) for at in range(PEOPLE)]
    ours = rate([lambda one=one, at=at: attempt(booking, one, times[at % TIMES]) for at, one in enumerate(crowd)])
    doubles = len(booked(booking, now)) - len(set(booked(booking, now)))
    NAIVE.create(services.get(Database).engine)
    naive = rate([lambda slot=slot: look_then_write(services, slot) for slot in slots])
    twice = naive_doubles(services)
    services.get(Database).dispose()
    return {
        "per_second": ours, "doubles": doubles, "naive_per_second": naive, "naive_doubles": twice,
        "booked": len(booked(booking, now)),
    }  # fmt: skip


def rate(acts: Sequence[Callable[[], str]]) -> float:
    """Attempts a second that were booked, with everybody at once."""
    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        fates = Counter(pool.map(lambda act: act(), acts))
    return round(fates["booked"] / (time.perf_counter() - started), 2)


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
