"""The portal's services for the time of a command."""

from collections.abc import Iterator
from contextlib import contextmanager

from portal.db.engine import Database
from portal.settings import Settings
from portal.wiring.services import Services, build


@contextmanager
def opened(settings: Settings) -> Iterator[Services]:
    """Services as `build` makes them, whose connections are closed at the end: a database's server that has to find out
    by itself that somebody is gone writes an error into its log.
    """
    services = build(settings)
    try:
        yield services
    finally:
        services.get(Database).dispose()
