import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from portal.db.engine import Database
from portal.db.errors import KeyringError
from portal.db.keyring import Keyring
from portal.db.rotation import reseal
from portal.people.service import PeopleService
from portal.people.store import IdentityRow
from portal.wiring import personal_keys


def test_what_is_sealed_opens_only_for_its_purpose():
    keyring = Keyring.new()
    sealed = keyring.seal("people.identity.email", b"a@example.org")
    assert keyring.open("people.identity.email", sealed) == b"a@example.org"
    with pytest.raises(KeyringError):
        keyring.open("people.identity.name", sealed)


@pytest.mark.parametrize("at", [0, 5, 20, -1])
def test_a_changed_byte_does_not_open(at):
    keyring = Keyring.new()
    sealed = bytearray(keyring.seal("x", b"text"))
    sealed[at] ^= 1
    with pytest.raises(KeyringError):
        keyring.open("x", bytes(sealed))


def test_processes_that_start_at_once_agree_on_one_key(tmp_path):
    path = tmp_path / "keys" / "data.json"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: Keyring.load_or_create(path).to_json(), range(8)))
    assert len(set(made)) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["data.json"]


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"keys": {}, "index": ""}', '{"keys": {"1": "AA=="}, "index": "AA=="}']
)
def test_a_damaged_key_file_is_told(content):
    with pytest.raises(KeyringError):
        Keyring.from_json(content)


def test_rotation_seals_everything_anew(worlds):
    person = worlds.participant()
    worlds.get(PeopleService).set_email(person.id, "somebody@example.org")
    worlds.sealed(person)
    worlds.member()
    old = worlds.get(Database).keyring
    both = old.rotated()
    rotating = Database(worlds.settings.effective_database_url, both, personal_keys(worlds.settings, both))
    assert reseal(rotating) == 7  # her two keys, a message of one value, an account of three, its invitation
    rotating.dispose()
    new = both.without_old()
    after = Database(worlds.settings.effective_database_url, new, personal_keys(worlds.settings, new))
    with after.reading() as session:
        sealed = session.execute(text("SELECT name FROM staff")).scalar_one()
        assert both.version_of(bytes(sealed)) == 2
        assert session.get_one(IdentityRow, person.id).email == "somebody@example.org"
    after.dispose()
