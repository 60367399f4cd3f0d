"""A restore is whole or not at all: one that fails leaves nothing, one that is killed is cleared away by the next."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import psycopg
import pytest
from click.testing import CliRunner

from portal.cli import portal
from portal.db import filling
from portal.db.engine import Database
from portal.db.errors import SnapshotFailed
from portal.operations import restore as restoring
from portal.operations.backup import Backups
from portal.operations.errors import BackupDamaged, BackupRuns, InstanceInUse, RestoreCutOff
from portal.operations.lock import alone
from portal.operations.restore import restore
from portal.operations.sets import MANIFEST
from portal.people.service import PeopleService
from portal.settings import ROOT
from portal.wiring import build, open_database
from tests.operations.test_backup import ADDRESS, IDENTITY, kept, left_in
from tests.support.world import FAST


@pytest.fixture
def saved(worlds, tmp_path):
    return kept(worlds, tmp_path / "backup")


@pytest.fixture
def target(saved, tmp_path, request):
    return saved.target(tmp_path, request)


def left(settings) -> list[str]:
    """Files in the instance; tables, functions and sequences in the database."""
    found = left_in(settings.instance)
    if settings.database_url:
        with psycopg.connect(settings.database_url) as connection:
            for kind, space in (("class", "rel"), ("proc", "pro")):
                query = f"SELECT {space}name FROM pg_{kind} WHERE {space}namespace = 'public'::regnamespace"
                found += [name for (name,) in connection.execute(query)]
    return found


def another_head(folder, head=None):
    """Let the manifest name another end of the audit chain; gives what it named."""
    manifest = json.loads((folder / MANIFEST).read_text())
    old, manifest["head"] = manifest["head"], head or "0" * 64
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return old


def is_whole(saved, settings):
    services = build(settings, clock=saved.world.clock, hasher=FAST)
    people = services.get(PeopleService)
    assert people.email_of(people.by_study_id(saved.study_id).id) == ADDRESS  # the keys are the right ones, too
    services.get(Database).dispose()


def test_one_that_fails_at_the_end_leaves_nothing_and_says_so(saved, target):
    head = another_head(saved.folder)
    with pytest.raises(BackupDamaged, match="audit chain") as told:
        restore(saved.folder, [IDENTITY], target, saved.world.clock)
    assert "as empty as before" in told.value.__notes__[0]
    assert left(target) == []
    another_head(saved.folder, head)
    restore(saved.folder, [IDENTITY], target, saved.world.clock)
    is_whole(saved, target)


def test_a_file_of_sqlite_s_elsewhere_is_removed_too_and_no_other(world, tmp_path, request):
    saved, elsewhere = kept(world, tmp_path / "backup"), tmp_path / "elsewhere"
    elsewhere.mkdir()
    settings = replace(saved.target(tmp_path, request), database_url=f"sqlite:///{elsewhere / 'data.sqlite3'}")
    head = another_head(saved.folder)
    with pytest.raises(BackupDamaged, match="audit chain"):
        restore(saved.folder, [IDENTITY], settings, saved.world.clock)
    assert list(elsewhere.iterdir()) == []
    killed(saved, settings, tmp_path)
    in_use = elsewhere / "in-use.sqlite3"
    in_use.write_bytes(b"another portal's")
    restoring.unfinished.clear(replace(settings, database_url=f"sqlite:///{in_use}"))
    assert list(elsewhere.iterdir()) == [in_use]
    another_head(saved.folder, head)
    restore(saved.folder, [IDENTITY], settings, saved.world.clock)
    is_whole(saved, settings)


@pytest.mark.postgresql
def test_the_keys_database_is_emptied_too(make_world, cluster, tmp_path, request):
    for name in ("keys_before", "keys_after"):
        cluster.execute(f"DROP DATABASE IF EXISTS {name}")
        cluster.execute(f"CREATE DATABASE {name}")
    saved = kept(make_world("postgresql", personal_keys_url=cluster.url("keys_before")), tmp_path / "backup")
    settings = replace(saved.target(tmp_path, request), personal_keys_url=cluster.url("keys_after"))
    head = another_head(saved.folder)
    with pytest.raises(BackupDamaged, match="audit chain"):
        restore(saved.folder, [IDENTITY], settings, saved.world.clock)
    assert [filling.in_use(url) for url in (settings.database_url, settings.personal_keys_url)] == [False, False]
    another_head(saved.folder, head)
    restore(saved.folder, [IDENTITY], settings, saved.world.clock)
    is_whole(saved, settings)


def killed(saved, settings, tmp_path, module="portal.operations.restore", after="_put_data") -> None:
    """Kill a restore by SIGKILL after a function: in the midst, when the keys lie there and the database is filled."""
    key, program = tmp_path / "key.txt", tmp_path / "killed.py"
    key.write_text(f"{IDENTITY.encode()}\n")
    program.write_text(
        f"import os, signal\nfrom portal.cli import portal\nimport {module} as module\n"
        f"done = module.{after}\n"
        "def done_and_killed(*args):\n    done(*args)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        f"module.{after} = done_and_killed\nportal()\n"
    )
    environ = {
        "PATH": os.environ["PATH"], "PORTAL_DEMONSTRATION": "yes", "PORTAL_INSTANCE": str(settings.instance),
        "PORTAL_DATABASE_URL": settings.database_url, "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = [sys.executable, str(program), "restore", str(saved.folder), "--identity", str(key)]
    assert subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode == -signal.SIGKILL


def test_one_that_was_killed_starts_no_portal_and_the_next_clears_it_away(saved, target, tmp_path):
    killed(saved, target, tmp_path)
    assert any(name.startswith(".restore-") for name in left(target))
    assert "keys" in left(target)
    with pytest.raises(RestoreCutOff, match="portal restore"):
        open_database(target)
    restore(saved.folder, [IDENTITY], target, saved.world.clock)
    assert not [name for name in left_in(target.instance) if name.startswith(".rest")]
    is_whole(saved, target)


@pytest.mark.postgresql
def test_one_that_was_killed_after_its_proof_is_whole(make_world, tmp_path, request):
    """The next took what was left of its marks for half a restore: it removed the keys, and found a database in use."""
    saved = kept(make_world("postgresql"), tmp_path / "backup")
    settings = saved.target(tmp_path, request)
    killed(saved, settings, tmp_path, "portal.db.filling", "unmark")
    with pytest.raises(InstanceInUse):
        restore(saved.folder, [IDENTITY], settings, saved.world.clock)
    is_whole(saved, settings)
    assert not [name for name in left(settings) if "restor" in name]


def test_what_cannot_be_cleared_stays_marked_and_is_told(saved, target, monkeypatch):
    def fail(*_):
        monkeypatch.setattr(restoring.unfinished, "clear", full)
        raise BackupDamaged("damaged")

    def full(_settings):
        raise OSError("the disk does not answer")

    monkeypatch.setattr(restoring, "_prove", fail)
    with pytest.raises(BackupDamaged) as told:
        restore(saved.folder, [IDENTITY], target, saved.world.clock)
    monkeypatch.undo()
    assert "The next restore removes it" in told.value.__notes__[0]
    with pytest.raises(RestoreCutOff):
        open_database(target)


def test_a_database_in_use_is_never_emptied(saved, target):
    """Not even by a restore into an instance that another one left half filled."""
    restore(saved.folder, [IDENTITY], target, saved.world.clock)
    (target.instance / "keys").rename(target.instance.parent / "keys")
    if target.database_url:
        with pytest.raises(SnapshotFailed, match="not marked"):
            filling.empty(target.database_url)
        with pytest.raises(InstanceInUse, match="database"):
            restore(saved.folder, [IDENTITY], target, saved.world.clock)
    else:
        with pytest.raises(InstanceInUse):
            restore(saved.folder, [IDENTITY], target, saved.world.clock)
    (target.instance.parent / "keys").rename(target.instance / "keys")
    is_whole(saved, target)


def test_two_at_once_do_not_meet(saved, target):
    target.instance.mkdir(mode=0o700)
    with alone(target.instance), pytest.raises(BackupRuns, match="put back"):
        restore(saved.folder, [IDENTITY], target, saved.world.clock)


def test_the_next_backup_removes_what_an_older_restore_left(world, tmp_path):
    left = world.settings.instance / ".restore-x"
    left.mkdir()
    (left / "data.json").write_bytes(b"keys")
    world.get(Backups).nightly()
    assert not left.exists()


def test_the_command_says_what_became_of_it(world, tmp_path):
    saved = kept(world, tmp_path / "backup")
    key = tmp_path / "key.txt"
    key.write_text(f"{IDENTITY.encode()}\n")
    another_head(saved.folder)
    environ = {"PORTAL_DEMONSTRATION": "yes", "PORTAL_INSTANCE": str(tmp_path / "new")}
    told = CliRunner().invoke(portal, ["restore", str(saved.folder), "--identity", str(key)], env=environ)
    assert (told.exit_code, "as empty as before" in told.output) == (1, True)


@pytest.mark.parametrize(
    ("variable", "why"),
    [
        ("PORTAL_DATABASE_URL", "the database refused"),
        ("PORTAL_PERSONAL_KEYS_URL", "the database refused"),
        ("", "restore"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(tmp_path, variable, why):
    """By every command, before it does anything; never with the database's password."""
    instance = tmp_path / "instance"
    instance.mkdir(mode=0o700)
    environ = {"PATH": os.environ["PATH"], "PORTAL_DEMONSTRATION": "yes", "PORTAL_INSTANCE": str(instance)}
    if variable:
        environ[variable] = "postgresql://portal:hidden-words@127.0.0.1:1/nothing"
    else:
        (instance / ".restoring").touch()
    command = [sys.executable, "-m", "portal", "doctor"]
    done = subprocess.run(command, cwd=ROOT, env=environ, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("portal: ")
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "hidden-words" not in done.stderr + done.stdout
