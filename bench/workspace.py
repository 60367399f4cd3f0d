"""Every workspace page over 10,000 participants and 200,000 audit events: its p95 as a ratio to a bare page's.

The bare page is the workspace's own frame, signed in, with nothing in it, asked for in turn with the others in the same
run. Each view is preceded by an audit event, so that nothing kept from the view before helps. The number of queries is
compared with a portal of 20 participants: it must not grow.
"""

import json
import logging
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from flask.testing import FlaskClient
from sqlalchemy import event

from bench.crowd import Crowd, fill
from bench.portals import KINDS, Bench, portal
from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.db.engine import Database
from portal.people import events as people_events
from tests.support.databases import temporary_cluster

ROUNDS = 200
"""With fewer, a p95 is the chance of one or two views."""
GOAL = 4.0
PERSON = "00001"
PAGES = (
    "/workspace", "/workspace/participants", "/workspace/participants?page=150",
    "/workspace/participants?step=countersign", "/workspace/participants?step=answer",
    "/workspace/participants?study_id=00042", "/workspace/participants/C-{person}",
    "/workspace/participants/C-{person}/identity", "/workspace/participants/C-{person}/notes", "/workspace/exports",
    "/workspace/retention", "/workspace/audit", "/workspace/delegation", "/team/members", "/workspace/enquiries",
    "/workspace/sampling",
)  # fmt: skip


def main() -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = {}
    with temporary_cluster() as running:
        for kind in KINDS:
            with portal(kind, running) as small:
                fill(small.services, small.staff_id, Crowd(people=20, events=400))
                few = queries(small, small.signed_in())
            with portal(kind, running) as large:
                fill(large.services, large.staff_id, Crowd())
                client = large.signed_in()
                found[kind] = {"pages": measure(large, client), "grown": grown(few, queries(large, client))}
    worst = max(page["ratio"] for one in found.values() for page in one["pages"].values())
    constant = not any(one["grown"] for one in found.values())
    print(
        json.dumps(
            {
                "name": "workspace", "figure": worst, "unit": "times", "against": "a bare page's p95, same run",
                "goal": GOAL, "met": worst <= GOAL and constant, "queries_constant": constant, **found,
            }
        )
    )  # fmt: skip


def measure(bench: Bench, client: FlaskClient) -> dict[str, dict[str, float]]:
    """The 95th percentile of each page in milliseconds, and as a ratio to the bare page's."""
    audit = bench.services.get(AuditLog)
    took: dict[str, list[float]] = {page: [] for page in ("/bare", *PAGES)}
    for number in range(-2, ROUNDS):
        for page, times in took.items():
            audit.note(
                people_events.IDENTITY_READ, actor=Actor.system("bench"), subject="participant:C-00001", why="bench"
            )
            started = time.perf_counter()
            answer = client.get(page.format(person=PERSON))
            if number >= 0:
                times.append((time.perf_counter() - started) * 1000)
            assert answer.status_code == 200, (page, answer.status_code)
    p95 = {page: statistics.quantiles(times, n=20)[-1] for page, times in took.items()}
    return {page: {"ms": round(one, 1), "ratio": round(one / p95["/bare"], 2)} for page, one in p95.items()}


def queries(bench: Bench, client: FlaskClient) -> dict[str, int]:
    """How many statements each page sends."""
    counted = {}
    for page in PAGES:
        client.get(page.format(person=PERSON))
        with counting(bench.services.get(Database)) as seen:
            client.get(page.format(person=PERSON))
        counted[page] = len(seen)
    return counted


def grown(few: dict[str, int], many: dict[str, int]) -> dict[str, tuple[int, int]]:
    """The pages that need more queries for many participants than for few."""
    return {page: (few[page], count) for page, count in many.items() if count > few[page]}


@contextmanager
def counting(database: Database) -> Iterator[list[str]]:
    """Collect the statements that are sent meanwhile, to the data and to the personal keys."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    engines = (database.engine, database.personal._engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


if __name__ == "__main__":
    main()
