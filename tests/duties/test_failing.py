"""A duty that fails is told of, and not only in a log."""

import pytest

from portal.db.engine import Database
from portal.db.errors import StorageUnavailable
from portal.duties import failing
from portal.duties.loop import Duty, Worker
from portal.operations import data
from portal.operations.domain import State
from portal.operations.metrics import Metrics


class Turns:
    """A duty that fails as often as it is told to."""

    def __init__(self):
        self.broken = True

    def run(self):
        if self.broken:
            raise RuntimeError("no room left")
        return 0


@pytest.fixture
def turns():
    return Turns()


@pytest.fixture
def worker(worlds, turns):
    return Worker((Duty("erase what is due", 30, turns.run), Duty("another", 1, lambda: 1)), lambda: None,
                  worlds.services.outcomes)  # fmt: skip


def state(world):
    return data.duties(world.get(Database), world.clock).state


def test_it_is_found_once_it_lasts_and_forgotten_once_it_succeeds(worlds, worker, turns):
    worker.run_once()
    assert state(worlds) is State.OK
    worlds.clock.forward(minutes=10)
    worker.run_once()
    worlds.clock.forward(minutes=5)
    found = data.duties(worlds.get(Database), worlds.clock)
    assert found.state is State.FAILING
    assert "erase what is due (2026-11-24 10:00 UTC)" in str(found.what)
    assert "another" not in str(found.what)
    figures = {one.name: one.samples[0].value for one in worlds.get(Metrics).collect()}
    assert figures["portal_duties_failing"] == 1
    assert "portal_worker_seen_seconds" not in figures  # a duty that failed is no sign of life
    turns.broken = False
    worker.run_once()
    assert state(worlds) is State.OK


def test_a_worker_that_starts_anew_knows_of_it(worlds, turns):
    failing.note(worlds.get(Database), worlds.clock, "erase what is due", well=False)
    turns.broken = False
    Worker((Duty("erase what is due", 30, turns.run),), lambda: None, worlds.services.outcomes).run_once()
    assert failing.since(worlds.get(Database)) == {}


def test_a_database_that_is_away_stops_no_duty(turns):
    done = []

    def away(duty, *, well):
        done.append((duty, well))
        raise StorageUnavailable("locked")

    worker = Worker((Duty("first", 30, turns.run), Duty("second", 1, lambda: 1)), lambda: None, away)
    worker.run_once()
    worker.run_once()
    assert done == [("first", False), ("second", True)] * 2
