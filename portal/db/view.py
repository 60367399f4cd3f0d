"""One view of the database for all that a thread reads meanwhile, such as for one page."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")


class View:
    """What its thread's readings share: a connection with one transaction, begun by the first of them.

    Of one thread; only a reading that outlives the view (a page that is still being sent) may end in another.
    """

    def __init__(self, engine: Engine) -> None:
        """The engine's transactions must see the database as it was when they began."""
        self._engine = engine
        self._shared: _Shared | None = None
        self._pauses = 0

    @property
    def paused(self) -> bool:
        """Whether something is being written, beside which one reads what is committed by then."""
        return self._pauses > 0

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """What to read from. After an error the next reading gets a new one: PostgreSQL answers no more on the old."""
        shared = self._opened()
        with shared.in_use():
            try:
                yield shared.connection
            except BaseException:
                shared.failed = True
                self.renew()
                raise

    def once(self, key: Hashable, ask: Callable[[], T]) -> T:
        """The answer to a question that is asked again and again: in one view it stays the same."""
        answers = self._opened().answers
        if key not in answers:
            answers[key] = ask()
        answer: T = answers[key]
        return answer

    def renew(self) -> None:
        """Let the next reading see what is committed by then. Readings under way keep what they see."""
        shared, self._shared = self._shared, None
        if shared is not None:
            shared.finish()

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Something is written inside: what is read then and later must not be older."""
        self.renew()
        self._pauses += 1
        try:
            yield
        finally:
            self._pauses -= 1

    def _opened(self) -> "_Shared":
        if self._shared is None:
            self._shared = _Shared(self._engine.connect())
        return self._shared


class _Shared:
    """A connection and those who read from it at present: the last of them gives it back."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        connection.begin()  # or the first session would think that to begin and end is up to it
        self.answers: dict[Hashable, Any] = {}
        self.failed = False
        self._readers = 0
        self._over = False

    @contextmanager
    def in_use(self) -> Iterator[None]:
        self._readers += 1
        try:
            yield
        finally:
            self._readers -= 1
            if self._over:
                self.finish()

    def finish(self) -> None:
        """Give the connection back once nobody reads from it."""
        self._over = True
        if not self._readers:
            with self.connection:
                self._end()

    def _end(self) -> None:
        """PostgreSQL's end with a commit, since after a rollback the driver forgets every statement that it had
        prepared; that they are read-only makes sure that there is nothing to commit. SQLite's are rolled back, so that
        nothing that was changed by mistake is kept."""
        if self.failed or self.connection.dialect.name == "sqlite":
            return  # closing rolls back
        try:
            self.connection.commit()
        except DBAPIError:
            self.connection.invalidate()  # the server is gone, but what was read stands: there is nothing to lose
