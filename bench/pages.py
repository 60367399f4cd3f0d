"""Journey pages' server time with 20 people at once, as a ratio to a bare Flask page in the same run.

Time is the wall clock divided by the requests served, so that waiting for one's turn is not counted twenty times.
"""

import json
import logging
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog
from flask import Flask
from sqlalchemy import event

from portal.app import create_app
from portal.audit.domain import Actor
from portal.db.engine import Database
from portal.people.service import PeopleService
from portal.settings import Settings
from portal.wiring import Services, build

PEOPLE, ROUNDS = 20, 10
PAGES = ("/home", "/information", "/consent", "/consent/statement/voluntary", "/withdraw", "/your-data")
GOAL = 60.0
"""The bare page does nothing: no session, no database, no template. Our own goal, the plan names none."""


def main() -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    bare = Flask("bare")
    bare.add_url_rule("/", "page", lambda: "<h1>Hello</h1>")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(instance=Path(folder), demonstration=True)
        services = build(settings)
        app = create_app(settings, services)
        clients = [signed_in(app, services) for _ in range(PEOPLE)]
        bare_clients = [bare.test_client() for _ in range(PEOPLE)]
        acts = {path: [(lambda one=one, path=path: one.get(path)) for one in clients] * 2 for path in PAGES}
        ours = served({"": [(lambda one=one: one.get("/")) for one in bare_clients] * 20, **acts})
        base = ours.pop("")
        queries = {path: count(services, lambda path=path: clients[0].get(path)) for path in PAGES}
        services.get(Database).dispose()
    worst = max(ours.values()) / base
    print(
        json.dumps(
            {
                "name": "pages", "figure": round(worst, 2), "unit": "times", "against": "a bare Flask page, same run",
                "goal": GOAL, "met": worst <= GOAL, "bare_ms": round(base * 1000, 2),
                "pages_ms": {path: round(value * 1000, 2) for path, value in ours.items()}, "queries": queries,
            }
        )
    )  # fmt: skip


def signed_in(app: Flask, services: Services):
    """A client of somebody who opened her invitation and the sheet."""
    invited = services.get(PeopleService).invite("carer", "trust-a", actor=Actor.system("bench"))
    client = app.test_client()
    door = client.get(f"/invitation/{invited.token}")
    token = re.findall(r'name="csrf_token" type="hidden" value="([^"]+)"', door.get_data(as_text=True))[-1]
    client.post(f"/invitation/{invited.token}", data={"csrf_token": token})
    client.get("/information")
    return client


def served(pages: dict[str, list[Callable[[], object]]]) -> dict[str, float]:
    """Seconds a request of each page, all people at once; the median of several rounds.

    The pages take turns in each round, so that what else the machine does befalls them alike.
    """
    rounds: dict[str, list[float]] = {page: [] for page in pages}
    with ThreadPoolExecutor(PEOPLE) as pool:
        for _ in range(ROUNDS):
            for page, acts in pages.items():
                started = time.perf_counter()
                list(pool.map(lambda act: act(), acts))
                rounds[page].append((time.perf_counter() - started) / len(acts))
    return {page: statistics.median(times) for page, times in rounds.items()}


def count(services: Services, act: Callable[[], object]) -> int:
    """How many statements the act sends to the database."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    engine = services.get(Database).engine
    event.listen(engine, "before_cursor_execute", note)
    act()
    event.remove(engine, "before_cursor_execute", note)
    return len(seen)


if __name__ == "__main__":
    main()
