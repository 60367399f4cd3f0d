"""What only reads cannot write."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import InternalError

from portal.db.engine import Database
from portal.people.store import ParticipantRow

_SITES = select(ParticipantRow.site)


@pytest.fixture
def postgres(make_world):
    """A world on PostgreSQL."""
    return make_world("postgresql")


def test_what_only_reads_changes_nothing(worlds):
    database, person = worlds.get(Database), worlds.invite().participant
    change = update(ParticipantRow).values(site="elsewhere")
    if database.engine.dialect.name == "postgresql":
        with database.reading() as session, pytest.raises(InternalError, match="read-only"):
            session.execute(change)
    else:
        with database.reading() as session:
            session.execute(change)
    with database.transaction() as session:  # the same connection, which can write again
        assert session.scalars(_SITES).all() == [person.site]
        session.execute(change)
    with database.reading() as session:
        assert session.scalars(_SITES).all() == ["elsewhere"]


@pytest.mark.postgresql
def test_postgresql_keeps_what_the_driver_prepared(postgres):
    database = postgres.get(Database)
    for _ in range(7):  # it prepares what it is asked more than five times
        with database.reading() as session:
            session.scalars(_SITES).all()
    with database.reading() as session:
        prepared = session.connection().exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars().all()
    assert any("participant" in one for one in prepared)
