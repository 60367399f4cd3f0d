"""A duty that takes long holds up those of its own line and no others."""

import threading
from contextlib import contextmanager

import pytest

from portal import wiring
from portal.duties import loop
from portal.duties.loop import MAIN, UPKEEP, Duty, Line, LineDied, Worker

PATIENCE = 20.0


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(loop, "_PAUSE_SECONDS", 0.01)


class Turns:
    """Counts its turns, and takes as long over each as it is told to."""

    def __init__(self):
        self.count = 0
        self.happened = threading.Condition()
        self.free = threading.Event()
        self.free.set()

    def run(self):
        with self.happened:
            self.count += 1
            self.happened.notify_all()
        assert self.free.wait(PATIENCE)
        return 0

    __call__ = run

    def more(self, turns):
        with self.happened:
            wanted = self.count + turns
            return self.happened.wait_for(lambda: self.count >= wanted, PATIENCE)


@contextmanager
def working(*duties, beat=lambda: None):
    stop = threading.Event()
    worker = Worker(duties, beat, lambda _duty, *, well: None)
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.fixture
def long():
    turns = Turns()
    turns.free.clear()
    yield turns
    turns.free.set()


def test_a_backup_does_not_hold_up_a_message(long):
    short, beside = Turns(), Turns()
    with working(
        Duty("back up", 0, long.run, UPKEEP), Duty("beside it", 0, beside.run, UPKEEP), Duty("send", 0, short.run)
    ):
        assert short.more(5)
        assert (long.count, beside.count) == (1, 0)
        long.free.set()
        assert beside.more(1)


def test_what_is_under_way_is_finished_before_the_end(long):
    done = []

    def finish():
        long.run()
        done.append("whole")
        return 1

    with working(Duty("back up", 0, finish, UPKEEP)):
        assert long.more(1) or long.count
        threading.Timer(0.2, long.free.set).start()
    assert done[:1] == ["whole"]


def test_a_worker_with_a_stuck_duty_gives_no_sign_of_life(long):
    beats = Turns()
    with working(Duty("stuck", 0, long.run, Line("upkeep", 0.05)), Duty("send", 0, Turns().run), beat=beats):
        with long.happened:
            assert long.happened.wait_for(lambda: long.count == 1, PATIENCE)
        threading.Event().wait(0.2)
        seen = beats.count
        threading.Event().wait(0.2)
        assert beats.count == seen
        long.free.set()
        assert beats.more(1)


def test_a_worker_ends_with_a_line_that_died_so_that_it_is_started_again(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _args: None)
    stop = threading.Event()

    def die():
        raise SystemExit

    worker = Worker(
        (Duty("dies", 0, die, UPKEEP), Duty("send", 0, Turns().run)), lambda: None, lambda _duty, *, well: None
    )
    with pytest.raises(LineDied, match="upkeep"):
        worker.run(stop)
    assert stop.is_set()


def test_nothing_that_waits_for_a_network_or_reads_whole_recordings_is_in_the_way(world):
    lines = {duty.name: duty.line.name for duty in wiring.worker(world.services).duties}
    rooms = {name for name, line in lines.items() if line == lines["carry wishes to stop into rooms"]}
    assert rooms == {
        "carry wishes to stop into rooms", "carry withdrawals into rooms", "end rooms that are over",
        "catalogue rooms",
    }  # fmt: skip
    apart = (
        "send messages", "seal receipts", "read other calendars", "back up", "move recordings away",
        "cancel bookings of who has stopped",
    )  # fmt: skip
    assert len({lines[name] for name in apart}) == len(apart)
    assert lines["cancel bookings of who has stopped"] == MAIN.name
