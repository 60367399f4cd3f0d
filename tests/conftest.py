"""What holds for all tests."""

import gc
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.support.databases", "tests.support.world", "tests.support.browsers", "tests.support.sound",
    "tests.support.turns",
]  # fmt: skip

# The same examples in every run, however slow the machine: nothing fails by chance. To look for new ones, run
# pytest with --hypothesis-profile=default.
settings.register_profile(
    "certain", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("certain")


LONG = ("faults", "browser")
"""Marks of files that take minutes, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes come first: at the end one worker would go through the last of them alone."""

    def turn(item: pytest.Item) -> int:
        return next((at for at, mark in enumerate(LONG) if item.get_closest_marker(mark)), len(LONG))

    turns: dict[str, int] = {}
    for item in items:
        file = item.nodeid.partition("::")[0]
        turns[file] = min(turns.get(file, len(LONG)), turn(item))
    items.sort(key=lambda item: turns[item.nodeid.partition("::")[0]])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and tests stay to the end: not to walk through them at each search for rubbish saves a seventh of all.
    To look for it less often, as each test leaves a whole portal behind, saves another sixth, for 40 MB of memory."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000, 10, 10)
        gc.enable()
