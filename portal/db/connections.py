"""Engines: SQLite for a file, PostgreSQL by its address."""

import sqlite3

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry

_BUSY_SECONDS = 10
_POOL = {"pool_size": 10, "max_overflow": -1}
"""No upper limit: inside a transaction another feature may be asked something on a second connection. Were connections
rationed, a crowd that holds all of them and waits for one more each would stand still. Threads bound them anyway."""


def connect(url: str) -> Engine:
    """An engine whose transactions mean the same on both databases."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address, connect_args={"timeout": _BUSY_SECONDS}, **_POOL)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True, **_POOL)


def reading(engine: Engine) -> Engine:
    """The same engine, but PostgreSQL lets nothing be changed."""
    return engine.execution_options(postgresql_readonly=True) if engine.dialect.name == "postgresql" else engine


def viewing(engine: Engine) -> Engine:
    """The same as `reading`, and what is seen is as of the transaction's first statement, as SQLite does anyway."""
    whole = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    return reading(engine).execution_options(**whole)


def writing(engine: Engine) -> Engine:
    """The same engine, but taking SQLite's write lock at once."""
    return engine.execution_options(portal_begin="BEGIN IMMEDIATE")


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    """FULL, because WAL with NORMAL may lose a committed consent when the power fails."""
    connection.isolation_level = None  # we begin transactions ourselves, see _begin_sqlite
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A plain BEGIN touches no file, so nothing can fail; taking the write lock can, and SQLAlchemy has to say so."""
    begin = connection.get_execution_options().get("portal_begin")
    if begin:
        connection.exec_driver_sql(begin)
    else:
        connection.connection.cursor().execute("BEGIN")
