"""What only reads cannot write, and readings that belong together share a connection."""

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.exc import InternalError

from portal.db.engine import Database
from portal.people.store import ParticipantRow

_SITES = select(ParticipantRow.site)


@pytest.fixture
def postgres(make_world):
    """A world on PostgreSQL."""
    return make_world("postgresql")


@pytest.fixture
def connections(worlds):
    """The connections that are taken from now on."""
    taken, engine = [], worlds.get(Database).engine

    def note(connection, *_):
        taken.append(connection)

    event.listen(engine, "checkout", note)
    yield taken
    event.remove(engine, "checkout", note)


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


def test_readings_together_share_a_connection_and_see_what_is_written_meanwhile(worlds, connections):
    database = worlds.get(Database)
    with database.together(), database.together():
        with database.reading() as session:
            assert session.scalars(_SITES).all() == []
        worlds.invite()
        connections.clear()
        with database.reading() as session, database.reading() as other:
            assert len(session.scalars(_SITES).all()) == len(other.scalars(_SITES).all()) == 1
    assert len(connections) == (0 if database.engine.dialect.name == "postgresql" else 2)
    with database.reading() as session:
        session.scalars(_SITES).all()
    assert connections, "nothing is shared any more"


def test_what_fails_leaves_nothing_behind(worlds):
    database = worlds.get(Database)
    worlds.invite()

    def fail():
        with database.together(), database.reading() as session:
            session.scalars(_SITES).all()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.together(), database.reading() as session:
        assert len(session.scalars(_SITES).all()) == 1


@pytest.mark.postgresql
def test_postgresql_keeps_what_the_driver_prepared(postgres):
    database = postgres.get(Database)
    for _ in range(7):  # it prepares what it is asked more than five times
        with database.reading() as session:
            session.scalars(_SITES).all()
    with database.reading() as session:
        prepared = session.connection().exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars().all()
    assert any("participant" in one for one in prepared)
