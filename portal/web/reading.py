"""For pages that ask the database a lot."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from portal.db.engine import Database
from portal.web.services import service

P = ParamSpec("P")
R = TypeVar("R")


def reads_together(view: Callable[P, R]) -> Callable[P, R]:
    """Let what a view asks share one connection, the page it renders included. See `Database.together`."""

    @wraps(view)
    def sharing(*args: P.args, **kwargs: P.kwargs) -> R:
        with service(Database).together():
            return view(*args, **kwargs)

    return sharing
