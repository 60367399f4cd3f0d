"""All readings inside one view are as of one moment and share a connection; what is written is seen from then on."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, func, select, text, update
from sqlalchemy.exc import DBAPIError

from portal.db.engine import Database
from portal.db.errors import StorageUnavailable
from portal.people.store import ParticipantRow

_COUNT = select(func.count()).select_from(ParticipantRow)


@pytest.fixture
def database(worlds):
    found = worlds.get(Database)
    found.engine.dispose()  # what the world's making left in the pool
    return found


@pytest.fixture
def taken(database):
    """The connections that are taken from now on."""
    found = []

    def note(connection, *_):
        found.append(connection)

    event.listen(database.engine, "checkout", note)
    yield found
    event.remove(database.engine, "checkout", note)


def count(database):
    with database.reading() as session:
        return session.scalars(_COUNT).one()


def out(database):
    """How many connections are in somebody's hands."""
    return database.engine.pool.checkedout()


def elsewhere(act):
    """The act's answer in another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(act).result()


def test_readings_share_one_connection_that_the_first_takes(database, taken):
    with database.one_view():
        assert not taken
        assert [count(database) for _ in range(5)] == [0] * 5
        with database.reading() as session, database.reading() as other:
            assert session.scalars(_COUNT).one() == other.scalars(_COUNT).one() == 0
        assert len(taken) == out(database) == 1
    assert out(database) == 0
    count(database)
    assert len(taken) == 2, "nothing is shared any more"


def test_it_is_as_of_one_moment_whatever_others_write(database, worlds):
    with database.one_view():
        assert count(database) == 0
        elsewhere(worlds.invite)
        assert count(database) == 0
        assert elsewhere(lambda: count(database)) == 1, "other threads notice nothing"
    assert count(database) == 1


def test_what_is_written_inside_is_seen_at_once_and_what_others_wrote_by_then(database, worlds):
    with database.one_view():
        assert count(database) == 0
        elsewhere(worlds.invite)
        worlds.invite()
        assert count(database) == 2


def test_inside_a_transaction_one_reads_what_is_committed_by_then(database, worlds):
    """A rule that another feature is asked for, in the midst of writing, must not be judged by an old view."""
    with database.one_view():
        assert count(database) == 0
        elsewhere(worlds.invite)
        with database.transaction() as session:
            session.execute(text("SELECT 1"))
            assert count(database) == 1
            assert database.once("asked inside", lambda: count(database)) == 1
        assert count(database) == 1


def test_a_transaction_that_fails_ends_the_view_as_well(database, worlds):
    def fail():
        with database.transaction():
            raise ZeroDivisionError

    with database.one_view():
        assert count(database) == 0
        elsewhere(worlds.invite)
        with pytest.raises(ZeroDivisionError):
            fail()
        assert count(database) == 1
    assert out(database) == 0


def test_a_reading_under_way_keeps_what_it_sees_while_something_is_written(database, worlds):
    with database.one_view():
        with database.reading() as session:
            assert session.scalars(_COUNT).one() == 0
            worlds.invite()
            assert session.scalars(_COUNT).one() == 0
            assert count(database) == 1
        assert count(database) == 1
    assert out(database) == 0


def test_a_view_inside_a_view_is_the_same(database, taken):
    with database.one_view():
        count(database)
        with database.one_view():
            count(database)
        count(database)
        assert len(taken) == 1


def test_an_error_leaves_nothing_behind_and_the_next_reading_works(database):
    def broken():
        with database.reading() as session:
            session.execute(text("SELECT nothing FROM nowhere"))

    def domain():
        with database.reading() as session:
            session.scalars(_COUNT).one()
            raise ZeroDivisionError

    with database.one_view():
        count(database)
        with pytest.raises((DBAPIError, StorageUnavailable)):
            broken()
        assert count(database) == 0, "PostgreSQL answers no more after an error, on that connection"
        with pytest.raises(ZeroDivisionError):
            domain()
        assert count(database) == 0
        assert out(database) == 1
    assert out(database) == 0


def test_on_sqlite_an_error_in_the_midst_of_another_reading_harms_itself_only(world):
    """On PostgreSQL a statement that fails ends its transaction, so that the reading around it fails as well."""
    database = world.get(Database)

    def broken():
        with database.reading() as session:
            session.execute(text("SELECT nothing FROM nowhere"))

    with database.one_view(), database.reading() as outer:
        with pytest.raises(StorageUnavailable):
            broken()
        assert outer.scalars(_COUNT).one() == 0
        assert count(database) == 0
    assert out(database) == 0


def test_a_view_that_is_left_by_an_error_is_ended(database, taken):
    def fail():
        with database.one_view():
            count(database)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert out(database) == 0
    count(database)
    assert len(taken) == 2


def test_a_reading_that_outlives_the_view_gives_its_connection_back_itself(database):
    """A page that is still being sent, perhaps by another thread."""

    def rows():
        with database.reading() as session:
            yield session.scalars(_COUNT).one()
            yield session.scalars(_COUNT).one()

    with database.one_view():
        page = rows()
        assert next(page) == 0
    assert out(database) == 1
    with database.one_view():
        count(database)
        assert elsewhere(lambda: list(page)) == [0]
        assert out(database) == 1, "the next view keeps its own"
        count(database)
    assert out(database) == 0


def test_what_is_changed_by_mistake_in_a_view_is_refused_or_forgotten(database, worlds):
    site = worlds.invite().participant.site
    change = update(ParticipantRow).values(site="elsewhere")
    with database.one_view(), database.reading() as session:
        if database.engine.dialect.name == "postgresql":
            with pytest.raises(DBAPIError, match="read-only"):
                session.execute(change)
        else:
            session.execute(change)
    with database.reading() as session:
        assert session.scalars(select(ParticipantRow.site)).all() == [site]


def test_many_threads_at_once_keep_to_their_own(database, worlds):
    start = threading.Barrier(8)

    def page(number):
        start.wait(10)
        seen = []
        for at in range(12):
            with database.one_view():
                before = count(database)
                if (number + at) % 4 == 0:
                    worlds.invite()
                    seen.append(count(database) > before)
                else:
                    seen.append(count(database) == before)
        return all(seen)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(page, range(8)))
    assert out(database) == 0
    assert count(database) == 24


def test_what_is_asked_again_and_again_is_asked_once_until_something_is_written(database, worlds):
    asked = []

    def ask():
        asked.append(1)
        return count(database)

    with database.one_view():
        assert [database.once("how many", ask) for _ in range(3)] == [0, 0, 0]
        assert len(asked) == 1
        worlds.invite()
        assert [database.once("how many", ask) for _ in range(3)] == [1, 1, 1]
        assert len(asked) == 2
        assert database.once(("how many", "else"), ask) == 1
        assert len(asked) == 3
    assert database.once("how many", ask) == 1
    assert database.once("how many", ask) == 1
    assert len(asked) == 5, "outside a view nothing is kept"


def test_an_answer_that_failed_is_asked_again(database):
    def fail():
        with database.reading():
            raise ZeroDivisionError

    with database.one_view():
        with pytest.raises(ZeroDivisionError):
            database.once("it", fail)
        assert database.once("it", lambda: count(database)) == 0


@pytest.mark.postgresql
def test_a_server_that_goes_away_is_told_of_and_come_back_from(make_world):
    database = make_world("postgresql").get(Database)

    def end_the_others():
        with database.engine.connect() as other:
            other.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )

    with database.one_view():
        count(database)
        elsewhere(end_the_others)
        with pytest.raises(StorageUnavailable):
            count(database)
        assert count(database) == 0, "the next reading has a new connection"
        elsewhere(end_the_others)
    assert out(database) == 0, "what was read stands, though the end could not be told to the server"
    assert count(database) == 0


@pytest.mark.postgresql
def test_postgresql_keeps_what_the_driver_prepared_in_views(make_world):
    database = make_world("postgresql").get(Database)
    for _ in range(7):  # it prepares what it is asked more than five times
        with database.one_view():
            count(database)
    with database.one_view(), database.reading() as session:
        prepared = session.connection().exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars().all()
    assert any("participant" in one for one in prepared)
