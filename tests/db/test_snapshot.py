"""The database is copied before its schema changes, and can be put back."""

import pytest
from sqlalchemy import create_engine, inspect, select, text

from portal.db import migrate, snapshot
from portal.db.engine import Database
from portal.db.errors import SnapshotFailed
from portal.people.store import ParticipantRow
from portal.wiring import open_database, personal_keys


def test_a_copy_can_be_put_back(worlds, tmp_path, request):
    person = worlds.invite().participant
    copy = snapshot.take(worlds.settings.effective_database_url, tmp_path)
    assert copy.stat().st_mode & 0o077 == 0
    if worlds.settings.database_url:
        cluster = request.getfixturevalue("cluster")
        cluster.execute("CREATE DATABASE put_back")
        url = cluster.url("put_back")
    else:
        url = f"sqlite:///{tmp_path / 'put-back.sqlite3'}"
    snapshot.put_back(copy, url)
    ring = worlds.get(Database).keyring
    back = Database(url, ring, personal_keys(worlds.settings, ring))
    with back.reading() as session:
        assert session.scalars(select(ParticipantRow.study_id)).all() == [person.study_id]
    assert migrate.present(back) == migrate.newest()
    back.dispose()


def test_an_upgrade_copies_first(worlds):
    database = worlds.get(Database)
    worlds.invite()
    migrate.downgrade(database, "0001")
    open_database(worlds.settings).dispose()
    assert migrate.present(database) == migrate.newest()
    folder = worlds.settings.instance / "before-upgrade" / "0001"
    assert [one.name for one in folder.iterdir()] in (["database.sqlite3"], ["database.dump"])


def test_a_fresh_database_needs_no_copy(world):
    assert not (world.settings.instance / "before-upgrade").exists()


def test_without_a_copy_nothing_is_changed(world):
    database = world.get(Database)
    migrate.downgrade(database, "0001")

    def fail(_revision):
        raise SnapshotFailed("no room")

    with pytest.raises(SnapshotFailed):
        migrate.upgrade(database, before=fail)
    assert migrate.present(database) == "0001"


def test_a_damaged_copy_is_refused(world, tmp_path):
    copy = snapshot.take(world.settings.effective_database_url, tmp_path)
    content = bytearray(copy.read_bytes())
    content[20000:60000] = b"\xff" * 40000
    copy.write_bytes(content)
    with pytest.raises(SnapshotFailed, match=r"damaged|could not copy"):
        snapshot.put_back(copy, f"sqlite:///{tmp_path / 'new.sqlite3'}")


def test_the_other_kind_of_database_is_refused(world, tmp_path):
    copy = snapshot.take(world.settings.effective_database_url, tmp_path)
    with pytest.raises(SnapshotFailed, match="other kind"):
        snapshot.put_back(copy, "postgresql://nobody@/nothing")


def test_the_tool_that_fails_says_why(tmp_path):
    dump = tmp_path / "database.dump"
    dump.write_bytes(b"not a dump")
    with pytest.raises(SnapshotFailed, match="pg_restore failed"):
        snapshot.put_back(dump, f"postgresql://nobody@/nothing?host={tmp_path}")
    engine = create_engine(f"sqlite:///{tmp_path / 'x'}")
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        assert inspect(connection).get_table_names() == []
    engine.dispose()
