"""A page that is asked for has one view of the database; what is sent in has none; the view ends before the answer is
sent."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Response, stream_with_context
from sqlalchemy import event, func, select

from portal.db.engine import Database
from portal.people.service import PeopleService
from portal.people.store import ParticipantRow
from portal.web.permissions import Permission, requires

_COUNT = select(func.count()).select_from(ParticipantRow)


@pytest.fixture
def database(worlds):
    found = worlds.get(Database)
    found.engine.dispose()
    return found


def page(world, view, methods=("GET",)):
    """A client and the address of a page that does what the test says."""
    world.app.add_url_rule("/test", "test", requires(Permission.PUBLIC)(view), methods=list(methods))
    return world.app.test_client()


def count(database):
    with database.reading() as session:
        return session.scalars(_COUNT).one()


def others_invite(world):
    """Written by another process."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(world.invite).result()


def test_a_page_is_of_one_moment_and_takes_one_connection(worlds, database):
    taken = []

    def view():
        before = count(database)
        others_invite(worlds)
        return [before, count(database), taken.count(threading.get_ident())]

    client = page(worlds, view)
    event.listen(database.engine, "checkout", lambda *_: taken.append(threading.get_ident()))
    assert client.get("/test").get_json() == [0, 0, 1]
    assert client.head("/test").status_code == 200
    assert database.engine.pool.checkedout() == 0


def test_what_is_sent_in_is_judged_by_what_is_true_at_each_moment(worlds, database):
    def view():
        before = count(database)
        others_invite(worlds)
        return [before, count(database)]

    worlds.app.config["WTF_CSRF_ENABLED"] = False
    assert page(worlds, view, ("POST",)).post("/test").get_json() == [0, 1]


def test_a_page_that_writes_shows_what_it_wrote(worlds, database):
    def view():
        people = worlds.get(PeopleService)
        before = len(people.all())
        worlds.invite()
        return [before, len(people.all())]

    assert page(worlds, view).get("/test").get_json() == [0, 1]


def test_the_view_ends_before_a_long_answer_is_sent(worlds, database):
    """A slow reader of a large export holds nothing, and what goes on reading sees what is committed by then."""

    def parts():
        yield f"{count(database)} "
        yield f"{count(database)}"

    client = page(worlds, lambda: Response(stream_with_context(parts())))
    answer = client.get("/test", buffered=False)
    assert database.engine.pool.checkedout() == 0
    worlds.invite()
    assert answer.get_data(as_text=True) == "0 1"
    assert database.engine.pool.checkedout() == 0


def test_an_answer_that_is_cut_short_leaks_no_connection(worlds, database):
    def parts():
        with database.reading() as session:
            yield f"{session.scalars(_COUNT).one()}"
            yield "never asked for"

    client = page(worlds, lambda: Response(stream_with_context(parts())))
    answer = client.get("/test", buffered=False)
    answer.close()
    assert database.engine.pool.checkedout() == 0


def test_a_page_that_fails_ends_its_view(worlds, database):
    def view():
        with database.reading() as session:
            session.scalars(_COUNT).one()
            raise ZeroDivisionError

    answer = page(worlds, view).get("/test")
    assert answer.status_code == 500
    assert "Sorry" in answer.get_data(as_text=True), "the page for errors reads the study's name on a new connection"
    assert database.engine.pool.checkedout() == 0


def test_pages_ask_once_for_what_many_parts_of_them_need(worlds):
    client, _ = worlds.participant_client()
    client.get("/home")
    database, seen = worlds.get(Database), []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    client.get("/home")
    event.remove(database.engine, "before_cursor_execute", note)
    assert len(seen) <= 12, seen
    assert len(seen) == len(set(seen)), "no question twice"
