"""Fill a PostgreSQL database whole or not at all: while it is filled it holds a mark, so that one that was filled by
halves is known as nobody's, and can be emptied. On SQLite a database is a file, which goes with its folder."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from portal.db.connections import connect
from portal.db.errors import SnapshotFailed

_MARK = "restore_under_way"
_FUNCTIONS = """
    SELECT DISTINCT called.oid::regprocedure::text FROM pg_trigger
    JOIN pg_class ON pg_class.oid = pg_trigger.tgrelid JOIN pg_proc AS called ON called.oid = pg_trigger.tgfoid
    WHERE NOT pg_trigger.tgisinternal
    AND (pg_class.relnamespace, called.pronamespace) = (current_schema()::regnamespace, current_schema()::regnamespace)
"""
"""What the tables' triggers call: a restore brings them along."""


def in_use(url: str) -> bool:
    """Whether there is anything in the database. Raises SnapshotFailed."""
    with _transaction(url) as connection:
        return bool(inspect(connection).get_table_names())


def marked(url: str) -> bool:
    """Whether a filling began that has not come to its end. Raises SnapshotFailed."""
    with _transaction(url) as connection:
        return inspect(connection).has_table(_MARK)


def mark(url: str) -> None:
    """The filling begins. Raises SnapshotFailed, also where one is under way."""
    with _transaction(url) as connection:
        connection.execute(text(f"CREATE TABLE {_MARK} (id integer)"))


def unmark(url: str) -> None:
    """All is there. May be said again. Raises SnapshotFailed."""
    with _transaction(url) as connection:
        connection.execute(text(f"DROP TABLE IF EXISTS {_MARK}"))


def empty(url: str) -> None:
    """Remove everything from a marked database, and the mark with it; all or nothing. Raises SnapshotFailed."""
    with _transaction(url) as connection:
        names = inspect(connection).get_table_names()
        if _MARK not in names:
            raise SnapshotFailed("the database is not marked as half restored: nothing was removed from it")
        functions = connection.execute(text(_FUNCTIONS)).scalars().all()
        quote = connection.dialect.identifier_preparer.quote
        for name in names:
            connection.execute(text(f"DROP TABLE {quote(name)} CASCADE"))
        for signature in functions:
            connection.execute(text(f"DROP FUNCTION {signature}"))


@contextmanager
def _transaction(url: str) -> Iterator[Connection]:
    engine = connect(url)
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or type(error).__name__).strip().splitlines()[0]
        raise SnapshotFailed(f"the database refused: {why}") from error
    finally:
        engine.dispose()
