"""What holds for all tests."""

import gc

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


def pytest_collection_finish(session: pytest.Session) -> None:
    """Modules and tests stay to the end: not to walk through them at each search for rubbish saves a seventh of all."""
    gc.freeze()
