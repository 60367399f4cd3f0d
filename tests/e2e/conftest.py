"""The portal of a file's tests."""

import pytest

from tests.e2e.interviews import close, house
from tests.e2e.server import demonstration


@pytest.fixture(scope="module")
def place(tmp_path_factory, caller):
    with demonstration(tmp_path_factory) as server:
        opened = house(server, caller)
        try:
            yield opened
        finally:
            close(opened)
