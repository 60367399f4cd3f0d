"""Backups: only the key's holder opens them, and what comes back is what there was."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from portal.audit.service import AuditLog
from portal.cli import portal
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.db.errors import KeyringError
from portal.db.keyring import Keyring
from portal.db.kinds import DataKind
from portal.operations.backup import Backups
from portal.operations.data import backups as check_backups
from portal.operations.domain import State
from portal.operations.errors import (
    BackupDamaged,
    BackupError,
    BackupForeign,
    BackupRuns,
    InstanceInUse,
    NoRecipient,
)
from portal.operations.lock import alone
from portal.operations.mirror import Mirror
from portal.operations.restore import restore
from portal.operations.sets import DATA, KEYS, MANIFEST, PERSONAL, Manifest, sets_in
from portal.people.service import PeopleService
from portal.receipts.service import ReceiptService
from portal.recordings.age import Identity, new_identity
from portal.recordings.domain import new_recording_id
from portal.settings import ROOT, Settings
from portal.wiring import build
from tests.support.world import FAST, World

IDENTITY = new_identity()
ADDRESS = "invented.person@example.org"


@dataclass
class Kept:
    """A portal with one consented person, and its backup."""

    world: World
    to: Path
    folder: Path
    study_id: str
    reference: str

    def target(self, folder: Path, request: pytest.FixtureRequest) -> Settings:
        """Settings of an empty portal beside it, on the same kind of database."""
        url = ""
        if self.world.settings.database_url:
            cluster = request.getfixturevalue("cluster")
            name = f"restored_{folder.name.replace('-', '_')[-20:]}_{os.getpid()}"
            cluster.execute(f"DROP DATABASE IF EXISTS {name}")
            cluster.execute(f"CREATE DATABASE {name}")
            url = cluster.url(name)
        return replace(self.world.settings, instance=folder / "restored", database_url=url)


def kept(world: World, to: Path) -> Kept:
    person = world.participant()
    world.get(PeopleService).set_email(person.id, ADDRESS)
    reference = world.sealed(person)
    made = world.get(Backups).make(to, [IDENTITY.recipient])
    return Kept(world, to, made.folder, person.study_id, reference)


@pytest.fixture
def saved(worlds: World, tmp_path: Path) -> Kept:
    return kept(worlds, tmp_path / "backup")


@pytest.fixture
def one(world: World, tmp_path: Path) -> Kept:
    return kept(world, tmp_path / "backup")


def left_in(instance: Path) -> list[str]:
    """What a restore that failed left, but for the lock of backups."""
    return [path.name for path in instance.iterdir() if path.name not in ("outbox", ".backup.lock")]


def put_back(saved: Kept, tmp_path: Path, request, identity: Identity = IDENTITY):
    settings = saved.target(tmp_path, request)
    found = restore(saved.folder, [identity], settings, saved.world.clock)
    return found, build(settings, clock=saved.world.clock, hasher=FAST)


def test_what_comes_back_is_what_there_was(saved, tmp_path, request):
    found, services = put_back(saved, tmp_path, request)
    person = services.get(PeopleService).by_study_id(saved.study_id)
    assert services.get(PeopleService).email_of(person.id) == ADDRESS
    assert services.get(ConsentService).state(person).stands
    assert services.get(ReceiptService).pdf(saved.reference) == saved.world.get(ReceiptService).pdf(saved.reference)
    assert services.get(AuditLog).verify(services.get(ReceiptService).anchors()).problem is None
    assert found.events == found.manifest.events
    services.get(Database).dispose()


def test_nothing_in_it_can_be_read_without_the_key(saved):
    everything = b"".join(path.read_bytes() for path in saved.to.rglob("*") if path.is_file())
    for secret in (ADDRESS, "Invented Person", saved.study_id, "BEGIN", "SQLite format"):
        assert secret.encode() not in everything
    assert {path.stat().st_mode & 0o077 for path in saved.to.rglob("*")} == {0}


def test_the_age_command_opens_it(one, tmp_path):
    key = tmp_path / "key.txt"
    identity = new_identity(kind=type(IDENTITY.kind).X25519)
    key.write_text(identity.encode() + "\n")
    one.world.clock.forward(days=1)
    made = one.world.get(Backups).make(one.to, [identity.recipient])
    age = subprocess.run(["age", "-d", "-i", str(key), str(made.folder / DATA)], capture_output=True, check=True)
    listed = subprocess.run(["tar", "-t"], input=age.stdout, capture_output=True, check=True).stdout.decode()
    assert listed.splitlines()[0] == "database.sqlite3"


def test_another_key_does_not_open_it(one, tmp_path, request):
    with pytest.raises(BackupForeign, match="does not open"):
        put_back(one, tmp_path, request, new_identity())
    assert not (tmp_path / "restored" / "keys").exists()


@pytest.mark.parametrize("name", [DATA, KEYS])
@pytest.mark.parametrize("harm", ["cut", "flip", "gone"])
def test_damage_is_named(one, tmp_path, request, name, harm):
    path = one.folder / name
    content = bytearray(path.read_bytes())
    if harm == "cut":
        path.write_bytes(content[:-100])
    elif harm == "flip":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    else:
        path.unlink()
    with pytest.raises(BackupDamaged, match=name):
        put_back(one, tmp_path, request)


@pytest.mark.parametrize("harm", ["cut", "flip"])
def test_damage_to_the_personal_keys_is_named_and_leaves_the_instance_empty(one, tmp_path, request, harm):
    path = one.to / PERSONAL
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content[:-100] if harm == "cut" else content)
    with pytest.raises(BackupDamaged, match=PERSONAL):
        put_back(one, tmp_path, request)
    assert left_in(tmp_path / "restored") == []


def test_damage_that_the_hashes_hide_is_found_by_the_seal(one, tmp_path, request):
    """Somebody who alters a file and its hash in the manifest still cannot make it decrypt."""
    path = one.folder / DATA
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1
    path.write_bytes(content)
    manifest = json.loads((one.folder / MANIFEST).read_text())
    digest = subprocess.run(["sha256sum", str(path)], capture_output=True, check=True).stdout.decode().split()[0]
    manifest["files"][DATA]["sha256"] = digest
    (one.folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BackupDamaged, match="damaged"):
        put_back(one, tmp_path, request)


def test_a_chain_that_is_not_the_manifests_is_refused(one, tmp_path, request):
    manifest = json.loads((one.folder / MANIFEST).read_text())
    manifest["head"] = "0" * 64
    (one.folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BackupDamaged, match="audit chain"):
        put_back(one, tmp_path, request)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": 3}', '{"files": {}, "surprise": 1}'])
def test_a_manifest_of_any_shape(one, text):
    (one.folder / MANIFEST).write_text(text)
    with pytest.raises(BackupDamaged):
        Manifest.read(one.folder)


def test_a_folder_that_is_no_backup(tmp_path):
    with pytest.raises(BackupForeign):
        Manifest.read(tmp_path)


def test_an_instance_in_use_is_left_alone(saved):
    with pytest.raises(InstanceInUse):
        restore(saved.folder, [IDENTITY], saved.world.settings, saved.world.clock)
    assert saved.world.get(PeopleService).by_study_id(saved.study_id)


def test_what_was_erased_stays_erased_in_older_backups(saved, tmp_path, request):
    """The older set is put back, and the personal keys are the newest: the destroyed one is not among them."""
    saved.world.get(Database).personal.destroy(saved.study_id, DataKind.CONTACT, saved.world.clock())
    saved.world.clock.forward(days=1)
    saved.world.get(Backups).make(saved.to, [IDENTITY.recipient])
    _, services = put_back(saved, tmp_path, request)
    person = services.get(PeopleService).by_study_id(saved.study_id)
    assert not services.get(PeopleService).email_of(person.id)
    services.get(Database).dispose()


def test_a_rotation_in_between_does_not_lock_an_older_backup(one, tmp_path, request):
    environ = {"PORTAL_INSTANCE": str(one.world.settings.instance), "PORTAL_DEMONSTRATION": "yes"}
    command = [sys.executable, "-m", "portal", "keys", "rotate"]
    subprocess.run(command, cwd=ROOT, env=environ | {"PATH": os.environ["PATH"]}, check=True, capture_output=True)
    one.world.clock.forward(days=1)
    rotated = build(one.world.settings, clock=one.world.clock, hasher=FAST)
    rotated.get(Backups).make(one.to, [IDENTITY.recipient])
    rotated.get(Database).dispose()
    _, services = put_back(one, tmp_path, request)
    person = services.get(PeopleService).by_study_id(one.study_id)
    assert services.get(PeopleService).email_of(person.id) == ADDRESS
    services.get(Database).dispose()


def test_without_a_key_there_is_no_backup(world, tmp_path):
    with pytest.raises(NoRecipient, match="recovery key"):
        world.get(Backups).make(tmp_path / "backup")
    assert not list(tmp_path.glob("backup/*"))


def test_one_each_night_and_so_many_kept(world, tmp_path):
    settings = replace(world.settings, backup_to=tmp_path / "nightly", backup_keep=2)
    backups = Backups(
        settings, world.get(Database), world.clock, world.get(AuditLog), lambda: [IDENTITY.recipient],
        Mirror(settings.instance / "vault", lambda _recording: False),
    )  # fmt: skip
    done = []
    for _ in range(4):
        done += [backups.nightly(), backups.nightly()]
        world.clock.forward(days=1)
    assert done == [1, 0] * 4
    assert [one.name[:10] for one in sets_in(tmp_path / "nightly")] == ["2026-11-26", "2026-11-27"]


def vault_with(instance: Path, *names: str) -> str:
    recording = new_recording_id()
    folder = instance / "vault" / recording
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_bytes(os.urandom(2000))
    return recording


def test_finished_recordings_come_along_and_running_ones_do_not(one, tmp_path, request):
    instance = one.world.settings.instance
    done = vault_with(instance, "manifest.jsonl", "p1-1.webm.age")
    running = vault_with(instance, "manifest.jsonl", "p1-1.webm.age", "p1-1.webm.age.live")
    one.world.clock.forward(days=1)
    made = one.world.get(Backups).make(one.to, [IDENTITY.recipient])
    assert made.manifest.recordings == 1
    found, services = put_back(one, tmp_path, request)
    services.get(Database).dispose()
    back = tmp_path / "restored" / "vault"
    assert [path.name for path in back.iterdir()] == [done]
    assert (back / done / "p1-1.webm.age").read_bytes() == (instance / "vault" / done / "p1-1.webm.age").read_bytes()
    assert (found.recordings, (back / running).exists()) == (1, False)


def test_a_destroyed_recording_leaves_the_copy_and_a_missing_one_stays(tmp_path):
    instance, copy = tmp_path / "instance", tmp_path / "copy"
    destroyed, missing = (vault_with(instance, "manifest.jsonl", "p1-1.webm.age") for _ in range(2))
    assert Mirror(instance / "vault", lambda _recording: False).update(copy) == 2
    shutil.rmtree(instance / "vault")
    assert Mirror(instance / "vault", lambda recording: recording == destroyed).update(copy) == 1
    assert [path.name for path in copy.iterdir()] == [missing]


def test_the_commands(one, tmp_path):
    environ = {
        "PATH": os.environ["PATH"], "PORTAL_DEMONSTRATION": "yes", "PORTAL_INSTANCE": str(one.world.settings.instance),
    }  # fmt: skip
    portal = [sys.executable, "-m", "portal"]
    key, to = tmp_path / "key.txt", tmp_path / "by-command"
    key.write_text(f"# the recovery key\n{IDENTITY.encode()}\n")
    command = [*portal, "backup", "--to", str(to), "--recipient", str(IDENTITY.recipient)]
    subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True)
    command = [*portal, "restore", str(sets_in(to)[0]), "--identity", str(key)]
    environ["PORTAL_INSTANCE"] = str(tmp_path / "new")
    said = subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True, text=True).stdout
    assert "none changed or missing" in said
    refused = subprocess.run(command, cwd=ROOT, env=environ, check=False, capture_output=True, text=True)
    assert (refused.returncode, "is in use" in refused.stderr) == (1, True)


def nightly_of(world, to, keep=2):
    settings = replace(world.settings, backup_to=to, backup_keep=keep)
    return Backups(
        settings, world.get(Database), world.clock, world.get(AuditLog), lambda: [IDENTITY.recipient],
        Mirror(settings.instance / "vault", lambda _recording: False),
    )  # fmt: skip


def test_a_clock_that_was_ahead_stops_no_backup(world, tmp_path):
    to = tmp_path / "nightly"
    backups = nightly_of(world, to)
    world.clock.forward(days=400)
    assert [backups.nightly(), world.clock.forward(days=1), backups.nightly()] == [1, None, 1]
    world.clock.forward(days=-401)
    assert [backups.nightly(), backups.nightly()] == [1, 0]
    assert "2026-11-24" in [one.name[:10] for one in sets_in(to)]
    world.clock.forward(days=1)
    assert backups.nightly() == 1
    assert [one.name[:10] for one in sets_in(to)] == ["2026-11-24", "2026-11-25"]


def test_the_doctor_counts_no_backup_of_a_day_to_come(world, tmp_path):
    backups = nightly_of(world, tmp_path / "nightly")
    backups.nightly()
    world.clock.forward(days=400)
    world.clock.forward(days=1)
    backups.nightly()
    world.clock.forward(days=-399)
    assert check_backups(world.get(Database), world.clock).state is State.FAILING


def test_what_a_killed_backup_left_is_removed(world, tmp_path):
    """Plain copies of the personal keys would let what is erased later be read."""
    to, instance = tmp_path / "nightly", world.settings.instance
    backups = nightly_of(world, to)
    assert backups.nightly() == 1
    left = [instance / ".backup-abcd", to / ".2026-11-23-020000"]
    for one in left:
        one.mkdir()
        (one / "personal.sqlite3").write_bytes(b"keys")
    with alone(instance):  # another process is making one, and these may be its own
        assert backups.nightly() == 0
        assert [one.exists() for one in left] == [True, True]
        with pytest.raises(BackupRuns):
            backups.make(to)
        world.clock.forward(days=1)
        assert backups.nightly() == 0
        world.clock.forward(days=-1)
    assert backups.nightly() == 0
    assert [one.exists() for one in left] == [False, False]
    assert len(sets_in(to)) == 1


def test_a_backup_for_somebody_else_locks_no_older_one(one, tmp_path, request):
    """The personal keys beside the sets are overwritten each time, so the recovery key has to open them each time."""
    one.world.clock.forward(days=1)
    nightly_of(one.world, one.to).make(one.to, [new_identity().recipient])
    _, services = put_back(one, tmp_path, request)
    person = services.get(PeopleService).by_study_id(one.study_id)
    assert services.get(PeopleService).email_of(person.id) == ADDRESS
    services.get(Database).dispose()


def test_data_keys_of_another_portal_are_refused(one, tmp_path, request):
    settings = replace(one.target(tmp_path, request), data_keys=Keyring.new().to_json())
    with pytest.raises(KeyringError):
        restore(one.folder, [IDENTITY], settings, one.world.clock)
    assert left_in(settings.instance) == []


def outside(one):
    """The same portal, whose data keys are a setting and no file."""
    path = one.world.settings.instance / "keys" / "data.json"
    text = path.read_text()
    path.unlink()
    one.world.clock.forward(days=1)
    return text, one.world.get(Backups).make(one.to, [IDENTITY.recipient]).folder


def test_data_keys_kept_outside_are_asked_for(one, tmp_path, request):
    text, folder = outside(one)
    settings = one.target(tmp_path, request)
    with pytest.raises(BackupError, match="PORTAL_DATA_KEYS"):
        restore(folder, [IDENTITY], settings, one.world.clock)
    with pytest.raises(KeyringError):
        restore(folder, [IDENTITY], replace(settings, data_keys=Keyring.new().to_json()), one.world.clock)
    assert restore(folder, [IDENTITY], replace(settings, data_keys=text), one.world.clock).events


def test_missing_recordings_are_told(one, tmp_path):
    vault_with(one.world.settings.instance, "manifest.jsonl", "p1-1.webm.age")
    one.world.clock.forward(days=1)
    folder = one.world.get(Backups).make(one.to, [IDENTITY.recipient]).folder
    shutil.rmtree(one.to / "vault")
    key = tmp_path / "key.txt"
    key.write_text(f"{IDENTITY.encode()}\n")
    environ = {"PORTAL_DEMONSTRATION": "yes", "PORTAL_INSTANCE": str(tmp_path / "new")}
    told = CliRunner().invoke(portal, ["restore", str(folder), "--identity", str(key)], env=environ)
    assert told.exit_code == 0
    assert "WARNING: there were 1 recordings when the backup was made" in told.output
