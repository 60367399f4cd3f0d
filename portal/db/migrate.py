"""Bring a database to the present schema, and back."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from portal.db.engine import Database

_LOCK = 7_203_517  # any number that nothing else in the database uses


def upgrade(database: Database, revision: str = "head") -> None:
    """Apply what is missing. Several processes that start at once take turns."""
    _run(database, "upgrade", revision)


def downgrade(database: Database, revision: str) -> None:
    """Go back to a revision, or to "base"."""
    _run(database, "downgrade", revision)


def config() -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return made


def _run(database: Database, direction: str, revision: str) -> None:
    with database.transaction() as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        made = config()
        made.attributes["connection"] = connection
        getattr(command, direction)(made, revision)
