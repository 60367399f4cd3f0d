import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from portal.clock import now
from portal.db.engine import Database
from portal.db.errors import KeyringError
from portal.db.keyring import Keyring
from portal.db.kinds import DataKind
from portal.db.personal_keys import PersonalKeys
from portal.people.service import PeopleService
from portal.people.store import IdentityRow
from portal.wiring import personal_keys

CONTACT = DataKind.CONTACT


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def address(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'keys.sqlite3'}"
    cluster = request.getfixturevalue("cluster")
    cluster.execute("DROP DATABASE IF EXISTS personal_keys")
    cluster.execute("CREATE DATABASE personal_keys")
    return cluster.url("personal_keys")


@pytest.fixture
def keys(address):
    made = PersonalKeys(address, Keyring.new())
    yield made
    made.dispose()


def test_what_was_sealed_opens_until_its_key_is_destroyed(keys):
    sealed = keys.seal("C-0001", CONTACT, "x", b"text")
    other = keys.seal("C-0001", DataKind.ANSWERS, "x", b"kept")
    hers = keys.seal("C-0002", CONTACT, "x", b"hers")
    assert keys.open("x", sealed) == b"text"
    gone = keys.destroy("C-0001", CONTACT, now())
    assert len(gone) == 1
    assert keys.destroyed() == gone
    assert keys.open("x", sealed) is None
    assert keys.open("x", other) == b"kept"
    assert keys.open("x", hers) == b"hers"
    assert keys.destroy("C-0001", CONTACT, now()) == []


def test_after_destruction_a_new_key_seals_and_the_old_stays_gone(keys):
    old = keys.seal("C-0001", CONTACT, "x", b"old")
    keys.destroy("C-0001", CONTACT, now())
    new = keys.seal("C-0001", CONTACT, "x", b"new")
    assert keys.open("x", old) is None
    assert keys.open("x", new) == b"new"


def test_a_value_moved_to_another_place_does_not_open(keys):
    sealed = keys.seal("C-0001", CONTACT, "x", b"text")
    with pytest.raises(KeyringError):
        keys.open("y", sealed)
    with pytest.raises(KeyringError):
        keys.open("x", sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(KeyringError):
        keys.open("x", (10**6).to_bytes(8, "big") + sealed[8:])


def test_processes_that_need_a_first_key_at_once_agree(address):
    ring = Keyring.new()
    both = [PersonalKeys(address, ring) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda at: both[at % 2].seal("C-0001", CONTACT, "x", b"text"), range(16)))
    assert {one[:8] for one in sealed} == {sealed[0][:8]}
    assert [both[0].open("x", one) for one in sealed] == [b"text"] * 16
    for one in both:
        one.dispose()


def test_another_process_no_longer_seals_with_a_destroyed_key(address):
    ring = Keyring.new()
    one, two = PersonalKeys(address, ring), PersonalKeys(address, ring)
    one.seal("C-0001", CONTACT, "x", b"text")
    two.destroy("C-0001", CONTACT, now())
    after = one.seal("C-0001", CONTACT, "x", b"later")
    assert two.open("x", after) == b"later"
    one.dispose()
    two.dispose()


def test_no_file_of_the_keys_holds_a_destroyed_key(tmp_path):
    ring = Keyring.new()
    keys = PersonalKeys(f"sqlite:///{tmp_path / 'keys.sqlite3'}", ring)
    keys.seal("C-0001", CONTACT, "x", b"text")
    with keys._reading() as connection:
        wrapped = bytes(connection.execute(text("SELECT sealed FROM personal_key")).scalar_one())
    assert any(wrapped in path.read_bytes() for path in tmp_path.iterdir())
    keys.destroy("C-0001", CONTACT, now())
    assert not any(wrapped in path.read_bytes() for path in tmp_path.iterdir())
    keys.dispose()


def test_a_backup_of_the_data_from_before_no_longer_tells_an_address(world, tmp_path):
    person = world.participant()
    world.get(PeopleService).set_email(person.id, "somebody@example.org")
    database, copy = world.get(Database), tmp_path / "backup.sqlite3"
    with (
        sqlite3.connect(world.settings.instance / "portal.sqlite3") as live,
        sqlite3.connect(copy) as backup,
    ):
        live.backup(backup)
    live.close()
    backup.close()
    restored = Database(f"sqlite:///{copy}", database.keyring, personal_keys(world.settings, database.keyring))
    with restored.reading() as session:
        assert session.get_one(IdentityRow, person.id).email == "somebody@example.org"
    database.personal.destroy(person.study_id, CONTACT, now())
    again = Database(f"sqlite:///{copy}", database.keyring, personal_keys(world.settings, database.keyring))
    with again.reading() as session:
        assert session.get_one(IdentityRow, person.id).email == ""
    restored.dispose()
    again.dispose()


def test_a_personal_value_without_its_owner_is_refused(world):
    person = world.participant()
    with pytest.raises(Exception, match="say whose text it is"), world.get(Database).transaction() as session:
        session.add(IdentityRow(participant_id=person.id, email="somebody@example.org", email_digest=b"x" * 32))
