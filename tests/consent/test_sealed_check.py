"""What she answered in the check is sealed with her own key: destroying it reaches backups, even those from before."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import bindparam, select, text

from portal.consent.readings import Readings
from portal.consent.store import CheckRow
from portal.db import migrate
from portal.db.engine import Database
from portal.db.kinds import DataKind
from portal.db.types import UTCDateTime
from portal.erasure.domain import Cause
from portal.erasure.service import ErasureService
from portal.operations.backup import Backups
from portal.operations.restore import restore
from portal.recordings.age import new_identity
from portal.study.service import StudyBook
from portal.wiring import open_database
from tests.support.world import World

IDENTITY = new_identity()
BEFORE = "0021"


def check_of(world: World):
    return world.get(StudyBook).current().study.documents["carer"].comprehension


def answered(world: World):
    """Somebody who answered the first question wrongly, and what she chose."""
    person, first = world.participant(), check_of(world).questions[0]
    wrong = next(one.key for one in first.choices if one.key != first.answer)
    world.get(Readings).save_check(person, check_of(world), {first.key: wrong})
    return person, wrong


def chosen(world: World, person, readings: Readings | None = None) -> list[str]:
    found = (readings or world.get(Readings)).last_check(person.id, check_of(world))
    return [one.chosen for one in found]


def stored(database: Database) -> list[bytes]:
    with database.engine.connect() as connection:
        found = connection.execute(text("SELECT answers FROM comprehension_check ORDER BY id")).scalars()
        return [one.encode() if isinstance(one, str) else bytes(one) for one in found]


def test_the_database_holds_nothing_to_read(worlds):
    person, wrong = answered(worlds)
    assert chosen(worlds, person) == [wrong]
    assert wrong.encode() not in stored(worlds.get(Database))[0]


def plain(world: World, *people) -> None:
    """Rows as the portal wrote them before: in its old schema, as plain text."""
    database, check = world.get(Database), check_of(world)
    migrate.downgrade(database, BEFORE)
    row = text(
        "INSERT INTO comprehension_check (participant_id, check_hash, answers, at) VALUES (:who, :hash, :a, :at)"
    ).bindparams(bindparam("at", type_=UTCDateTime))
    for one in people:
        given = json.dumps({check.questions[0].key: f"plain-words-of-{one.study_id}"})
        with database.transaction() as session:
            session.execute(row, {"who": one.id, "hash": check.content_hash, "a": given, "at": world.clock()})


def test_an_old_database_is_sealed_by_the_upgrade(worlds):
    first, second, database = worlds.participant(), worlds.participant(), worlds.get(Database)
    plain(worlds, first, second)
    assert all(b"plain-words" in one for one in stored(database))
    open_database(worlds.settings).dispose()
    assert migrate.present(database) == migrate.newest()
    assert not any(b"plain-words" in one for one in stored(database))
    for one in (first, second):
        assert chosen(worlds, one) == [f"plain-words-of-{one.study_id}"]
    database.personal.destroy(first.study_id, DataKind.ANSWERS, worlds.clock())
    assert chosen(worlds, first) == []
    assert chosen(worlds, second) != []


def test_the_plain_answers_leave_sqlites_file_too(world):
    person, database = world.participant(), world.get(Database)
    plain(world, person)
    with database.engine.connect() as connection:
        connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    files = [Path(world.settings.instance / name) for name in ("portal.sqlite3", "portal.sqlite3-wal")]
    assert b"plain-words" in files[0].read_bytes()
    migrate.upgrade(database)
    assert [b"plain-words" in one.read_bytes() for one in files] == [False, False]


@pytest.mark.postgresql
def test_the_plain_answers_leave_postgresqls_file_too(make_world, cluster):
    world = make_world("postgresql")
    person, database = world.participant(), world.get(Database)
    plain(world, person)
    assert b"plain-words" in file_of(database, cluster)
    open_database(world.settings).dispose()
    assert b"plain-words" not in file_of(database, cluster)
    assert chosen(world, person) == [f"plain-words-of-{person.study_id}"]


def file_of(database: Database, cluster) -> bytes:
    with database.engine.connect() as connection:
        connection.execute(text("CHECKPOINT"))
        path = connection.execute(text("SELECT pg_relation_filepath('comprehension_check')")).scalar_one()
    return (cluster.folder / "data" / path).read_bytes()


def test_down_again_gives_the_old_portal_its_answers(worlds):
    (kept, wrong), (erased, _) = answered(worlds), answered(worlds)
    database = worlds.get(Database)
    database.personal.destroy(erased.study_id, DataKind.ANSWERS, worlds.clock())
    migrate.downgrade(database, BEFORE)
    assert [list(json.loads(one).values()) for one in stored(database)] == [[wrong], []]
    migrate.upgrade(database)
    assert chosen(worlds, kept) == [wrong]


@pytest.mark.parametrize("old", [False, True], ids=["sealed", "from before they were sealed"])
def test_after_her_erasure_an_older_backup_does_not_give_them(worlds, tmp_path, request, old):
    person, _ = answered(worlds)
    other, wrong = answered(worlds)
    database, backups, to = worlds.get(Database), worlds.get(Backups), tmp_path / "backup"
    if old:
        migrate.downgrade(database, BEFORE)
    before = backups.make(to, [IDENTITY.recipient]).folder
    migrate.upgrade(database)
    worlds.clock.forward(days=1)
    worlds.get(ErasureService).erase(person, DataKind.ANSWERS, Cause.REQUEST, "request:1")
    with database.reading() as session:
        assert session.scalars(select(CheckRow.participant_id)).all() == [other.id]
    backups.make(to, [IDENTITY.recipient])  # the personal keys beside the sets are the newest

    back = put_back(worlds, before, tmp_path, request)
    readings = Readings(back, worlds.clock, None)
    assert chosen(worlds, person, readings) == []
    assert chosen(worlds, other, readings) == [wrong]
    back.dispose()


def put_back(world: World, folder: Path, tmp_path: Path, request) -> Database:
    url = ""
    if world.settings.database_url:
        cluster = request.getfixturevalue("cluster")
        cluster.execute("DROP DATABASE IF EXISTS restored_checks")
        cluster.execute("CREATE DATABASE restored_checks")
        url = cluster.url("restored_checks")
    settings = replace(world.settings, instance=tmp_path / "restored", database_url=url)
    restore(folder, [IDENTITY], settings, world.clock)
    return open_database(settings)
