"""Everything taken out of a study of 10,000: the memory it takes must not grow with the number of people.

The data and the site file of the whole study are streamed after those of one site with a tenth of the people;
the figure is by how much the process's memory peaks higher.
"""

import json
import logging
import multiprocessing
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from bench.crowd import Crowd, fill
from bench.portals import KINDS, Bench, portal
from portal.db.engine import Database
from portal.exports.domain import ExportKind
from portal.exports.service import ExportService, Wish
from tests.support.databases import temporary_cluster

GOAL = 32.0


def main() -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = {}
    with temporary_cluster() as running:
        for kind in KINDS:
            with portal(kind, running) as bench:
                filled_apart(bench)
                found[kind] = {one.value: measure(bench, one) for one in (ExportKind.DATA, ExportKind.SITE_FILE)}
    worst = max(one["grown_mb"] for both in found.values() for one in both.values())
    print(
        json.dumps(
            {
                "name": "export", "figure": worst, "unit": "MB", "against": "the same export of a tenth of the people",
                "goal": GOAL, "met": worst <= GOAL, **found,
            }
        )
    )  # fmt: skip


def filled_apart(bench: Bench) -> None:
    """Fill the study in another process, so that this one's memory tells of exports alone."""

    def child() -> None:
        database = bench.services.get(Database)
        for engine in (database.engine, database.personal._engine):
            engine.dispose(close=False)  # the connections are the parent's
        fill(bench.services, bench.staff_id, Crowd(events=20_000))

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    assert process.exitcode == 0


def measure(bench: Bench, kind: ExportKind) -> dict[str, float]:
    """Peaks of memory, and how quick it was."""
    few, _, _ = stream(bench, kind, ["trust-b"])
    many, size, seconds = stream(bench, kind, None)
    return {
        "grown_mb": round(many - few, 1), "size_mb": round(size / 1e6, 1), "seconds": round(seconds, 1),
        "mb_per_second": round(size / 1e6 / seconds, 1),
    }  # fmt: skip


def stream(bench: Bench, kind: ExportKind, sites: list[str] | None) -> tuple[float, int, float]:
    """Peak of memory in MB, bytes and seconds of an export that is thrown away piece by piece."""
    wish = Wish(kind, "analysis", "benchmark", bench.staff_id)
    started, size = time.perf_counter(), 0
    with peak() as seen:
        for piece in bench.services.get(ExportService).start(wish, sites):
            size += len(piece)
    return max(seen), size, time.perf_counter() - started


@contextmanager
def peak() -> Iterator[list[float]]:
    """Look at the process's memory every few milliseconds."""
    seen, stop = [resident()], threading.Event()

    def look() -> None:
        while not stop.wait(0.01):
            seen.append(resident())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        stop.set()
        watcher.join()


def resident() -> float:
    """The process's resident memory in MB."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6


if __name__ == "__main__":
    main()
