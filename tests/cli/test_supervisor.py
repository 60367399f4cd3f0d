"""Processes that `portal up` keeps: commands, and functions of its own program."""

import os
import signal
import subprocess
import sys
import time

import pytest

from portal.cli import supervisor
from portal.cli.supervisor import Child, Fork, run


def waits():
    time.sleep(60)


def test_a_function_runs_in_a_process_of_its_own_and_gives_what_it_ended_with(tmp_path):
    told = tmp_path / "told"
    fork = Fork(lambda: told.write_text(str(os.getpid())))
    assert (fork.wait(30), fork.poll()) == (0, 0)
    assert int(told.read_text()) != os.getpid()
    assert Fork(lambda: sys.exit(3)).wait(30) == 3


def test_a_function_that_goes_on_is_waited_for_asked_to_end_and_made_to():
    fork = Fork(waits)
    assert fork.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        fork.wait(0.01)
    fork.terminate()
    assert fork.wait(30) == -signal.SIGTERM
    deaf = Fork(lambda: (signal.signal(signal.SIGTERM, signal.SIG_IGN), waits()))
    deaf.kill()
    assert deaf.wait(30) == -signal.SIGKILL


def test_nothing_that_was_to_happen_at_the_end_of_this_program_happens_at_the_end_of_a_function(tmp_path):
    program = (
        "import atexit; from portal.cli.supervisor import Fork; atexit.register(print, 'the end')\n"
        "print('begun'); Fork(lambda: print('within')).wait()"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split("\n") == ["begun", "within", "the end", ""]


@pytest.fixture
def signals():
    """`run` hears SIGTERM and SIGINT, as the program that it is."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_end_of_one_for_good_ends_all(signals):
    short, function = Child("short", [sys.executable, "-c", ""]), Child("function", waits)
    command = Child("command", ["sleep", "60"])
    assert run([short, function, command]) == 1
    assert [one.process.poll() for one in (short, function, command)] == [0, -signal.SIGTERM, -signal.SIGTERM]


def test_the_end_of_a_function_ends_all_and_one_that_returns_is_started_again(signals, tmp_path):
    def twice():
        count.write_text(count.read_text() + "x")
        if count.read_text() == "xx":
            waits()

    def until_twice():
        while count.read_text() != "xx":
            time.sleep(0.01)

    count = tmp_path / "count"
    count.write_text("")
    again, until = Child("again", twice, returns=True), Child("until", until_twice)
    assert run([again, until]) == 1
    assert (count.read_text(), until.process.poll(), again.process.poll()) == ("xx", 0, -signal.SIGTERM)


def test_told_to_stop_it_ends_all_and_well(signals):
    def tell():
        os.kill(portal, signal.SIGTERM)
        waits()

    portal = os.getpid()
    children = [Child("function", waits), Child("teller", tell)]
    assert run(children) == 0
    assert [one.process.poll() for one in children] == [-signal.SIGTERM, -signal.SIGTERM]


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_while_it_starts_it_ends_what_it_began_and_begins_no_more(signals, monkeypatch, told):
    def start(child):
        begin(child)
        os.kill(os.getpid(), told)

    begin = Child.start
    monkeypatch.setattr(Child, "start", start)
    first, second = Child("first", waits), Child("second", waits)
    assert run([first, second]) == 0
    assert first.process.poll() == -signal.SIGTERM
    assert second.process is None


def test_a_function_hears_what_it_is_told_before_it_has_handlers_of_its_own(signals, monkeypatch):
    def told_first(*given):
        os.kill(os.getpid(), signal.SIGTERM)
        alone(*given)

    alone = supervisor._alone
    monkeypatch.setattr(supervisor, "_alone", told_first)
    signal.signal(signal.SIGTERM, lambda *_: None)
    fork = Fork(waits)
    try:
        assert fork.wait(10) == -signal.SIGTERM
    finally:
        fork.kill()
        fork.wait()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()
