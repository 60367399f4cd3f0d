"""A page reads the database as of one moment, over one connection."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from portal.db.engine import Database

_READS = ("GET", "HEAD")


class OneView:
    """Stands before Flask and opens one view of the database for each request that only asks.

    It ends before the answer is sent, since a large one may take as long as the reader's network. What is sent in for
    keeping is judged by what is true at each moment, so those requests have no view.
    """

    def __init__(self, app: WSGIApplication, database: Database) -> None:
        self._app = app
        self._database = database

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer."""
        if environ["REQUEST_METHOD"] not in _READS:
            return self._app(environ, start_response)
        with self._database.one_view():
            return self._app(environ, start_response)
