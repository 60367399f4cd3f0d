"""Bring a database to the present schema, and back."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from portal.db.engine import Database

_LOCK = 7_203_517  # any number that nothing else in the database uses


def upgrade(database: Database, revision: str = "head", *, before: Callable[[str], None] | None = None) -> None:
    """Apply what is missing. Several processes that start at once take turns.

    Args:
        before: called with the present revision when a database that is in use is about to change, to copy it first.
            If it raises, nothing is changed.
    """
    with database.transaction() as session:
        connection = session.connection()
        _take_turn(connection)
        present = MigrationContext.configure(connection).get_current_revision()
        if present == newest() and revision in (present, "head"):
            return
        if before and present is not None:
            before(str(present))
        command.upgrade(_config_for(connection), revision)
    if database.engine.dialect.name == "sqlite":
        _forget_pages(database)


def downgrade(database: Database, revision: str) -> None:
    """Go back to a revision, or to "base"."""
    with database.transaction() as session:
        connection = session.connection()
        _take_turn(connection)
        command.downgrade(_config_for(connection), revision)


@cache
def newest() -> str | None:
    """The revision that this version of the portal needs. To find it, Alembic runs every migration's file."""
    return ScriptDirectory.from_config(config()).get_current_head()


def present(database: Database) -> str | None:
    """The revision that the database is at."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def config() -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return made


def _forget_pages(database: Database) -> None:
    """Empty SQLite's write-ahead log: it holds pages as they were before what was plain on them was sealed."""
    with database.engine.connect() as connection:
        connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _config_for(connection: Connection) -> Config:
    made = config()
    made.attributes["connection"] = connection
    return made


def _take_turn(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
