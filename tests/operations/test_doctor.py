"""What the doctor finds, each on a machine that has just that wrong."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.db.engine import Database
from portal.operations import configuration, data, machine
from portal.operations.domain import State, failing, ok, warning, worst
from portal.operations.events import BACKUP_MADE
from portal.operations.service import Doctor
from portal.operations.words import PARTS
from portal.sentence import said
from portal.settings import ROOT, Settings
from portal.study.service import StudyBook
from tests.support.world import ACTOR


def test_the_whole_is_as_well_as_its_worst_part():
    assert worst(()) is State.OK
    assert worst((ok("a", said("x")), warning("b", said("x"), said("y")))) is State.WARNING
    assert worst((failing("a", said("x"), said("y")), ok("b", said("x")))) is State.FAILING


def test_every_part_that_is_not_well_says_what_to_do(worlds):
    findings = worlds.get(Doctor).examine()
    assert {one.part for one in findings} >= {"database", "schema", "worker", "disk", "clock", "backups", "mail server"}
    assert [one for one in findings if (one.state is State.OK) == bool(one.remedy)] == []


def test_a_check_that_breaks_is_a_finding_and_holds_up_no_other():
    def broken():
        raise ZeroDivisionError

    findings = Doctor((("one", broken), ("two", lambda: ok("two", said("fine"))))).examine()
    assert [one.state for one in findings] == [State.FAILING, State.OK]
    assert "ZeroDivisionError" in str(findings[0].what)


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({"public_url": "http://127.0.0.1:8080"}, State.WARNING),
        ({"public_url": "http://study.example.org", "demonstration": True}, State.FAILING),
        ({"public_url": "https://study.example.org"}, State.WARNING),
        ({"public_url": "https://study.example.org", "trusted_proxies": 1}, State.OK),
    ],
)
def test_the_public_address(settings, state):
    assert configuration.address(Settings(**settings)).state is state


def test_a_study_of_drafts_cannot_recruit(world):
    found = configuration.mode(Settings(), world.get(StudyBook))
    assert (found.state, "drafts" in str(found.what)) == (State.WARNING, True)


def test_a_portal_for_real_people_without_mail_is_failing():
    assert configuration.sender(Settings()).state is State.FAILING
    assert configuration.sender(Settings(smtp_url="smtp://mail.example.org")).state is State.WARNING
    real = Settings(smtp_url="smtp://mail.example.org", mail_from="study@uni.example")
    assert configuration.sender(real).state is State.OK


@pytest.mark.parametrize(
    ("free", "state"),
    [(0, State.FAILING), (machine.FULL_BYTES, State.WARNING), (machine.LOW_BYTES, State.OK)],
)
def test_the_disk(tmp_path, monkeypatch, free, state):
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _path: usage)
    assert machine.disk(tmp_path).state is state


def test_a_key_that_others_can_read_is_found(tmp_path):
    (tmp_path / "keys").mkdir()
    key = tmp_path / "keys" / "data.json"
    key.touch(mode=0o644)
    tmp_path.chmod(0o755)
    assert machine.permissions(tmp_path).state is State.FAILING
    assert "data.json" in str(machine.permissions(tmp_path).what)
    tmp_path.chmod(0o700)
    assert machine.permissions(tmp_path).state is State.OK
    tmp_path.chmod(0o755)
    key.chmod(0o600)
    assert machine.permissions(tmp_path).state is State.OK


@pytest.mark.parametrize(
    "name",
    [
        "keys/personal.sqlite3",
        "keys/audit.key",
        "portal.sqlite3-wal",
        "rooms",
        "before-upgrade",
        ".backup-x",
        ".restore-x",
    ],
)
def test_everything_private_is_looked_at(tmp_path, name):
    tmp_path.chmod(0o755)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True, mode=0o700)
    path.touch(mode=0o644)
    assert name in str(machine.permissions(tmp_path).what)
    path.chmod(0o600)
    assert machine.permissions(tmp_path).state is State.OK


def test_what_a_killed_restore_left_is_always_told(tmp_path):
    """Also behind a closed door: with these keys what is erased later could be read."""
    tmp_path.chmod(0o700)
    now = lambda: datetime.now(UTC)  # noqa: E731 - a clock
    assert machine.copies(tmp_path, now).state is State.OK
    left = tmp_path / ".restore-x"
    left.mkdir(mode=0o700)
    found = machine.copies(tmp_path, now)
    assert (found.state, ".restore-x" in str(found.what)) == (State.FAILING, True)
    left.rename(tmp_path / ".backup-x")
    assert machine.copies(tmp_path, now).state is State.OK  # one may be being made
    assert machine.copies(tmp_path, lambda: now() + timedelta(days=2)).state is State.FAILING


def test_old_copies_from_before_an_upgrade_are_told(tmp_path):
    (tmp_path / "before-upgrade" / "0007").mkdir(parents=True)
    now = datetime.now(UTC)
    assert machine.copies(tmp_path, lambda: now + timedelta(days=29)).state is State.OK
    found = machine.copies(tmp_path, lambda: now + timedelta(days=31))
    assert (found.state, "0007" in str(found.what)) == (State.WARNING, True)


def test_a_certificate_is_public(tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "keys").mkdir(mode=0o700)
    (tmp_path / "keys" / "seal-certificate.pem").touch(mode=0o644)
    assert machine.permissions(tmp_path).state is State.OK


def test_a_clock_set_back_is_found(world):
    world.invite()
    newest = data.newest_event(world.get(Database))
    assert machine.clock_runs(world.clock, newest).state is not State.FAILING
    world.clock.forward(hours=-2)
    found = machine.clock_runs(world.clock, newest)
    assert (found.state, "newest event" in str(found.what)) == (State.FAILING, True)


def test_late_and_given_up_messages_are_found(worlds):
    client, _ = worlds.participant_client()
    client.submit(client.get("/your-email"), {"email": "invented@example.org"})
    database = worlds.get(Database)
    stranger = worlds.client()
    stranger.submit(stranger.get("/sign-in"), {"email": "invented@example.org"})
    assert data.outbox(database, worlds.clock).state is State.OK
    worlds.clock.forward(hours=2)
    assert data.outbox(database, worlds.clock).state is State.FAILING


def test_backups_are_asked_for_and_seen(worlds):
    database = worlds.get(Database)
    assert data.backups(database, worlds.clock).state is State.WARNING
    worlds.get(AuditLog).note(
        BACKUP_MADE, actor=Actor.system("test"), subject="backup:x", name="x", manifest="", bytes=1
    )
    assert data.backups(database, worlds.clock).state is State.OK
    worlds.clock.forward(seconds=(data.BACKUP_LATE + timedelta(minutes=1)).total_seconds())
    assert data.backups(database, worlds.clock).state is State.FAILING


def test_a_torn_sqlite_file_is_found(world):
    database = world.get(Database)
    world.get(AuditLog).note(BACKUP_MADE, actor=ACTOR, subject="backup:x", name="x", manifest="", bytes=1)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    path = world.settings.instance / "portal.sqlite3"
    content = bytearray(path.read_bytes())
    content[8192:40960] = os.urandom(32768)
    path.write_bytes(content)
    assert data.database(database).state is State.FAILING


def test_the_command_prints_remedies_and_exits_1_if_something_fails(tmp_path: Path):
    environ = {"PORTAL_INSTANCE": str(tmp_path / "instance"), "PORTAL_DEMONSTRATION": "yes", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "portal", "doctor"]
    said = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert (said.returncode, "Start it: portal worker" in said.stdout) == (1, True), said.stderr
    told = subprocess.run([*command, "--json"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert {one["part"] for one in json.loads(told.stdout)} >= {"worker", "database"}


def test_each_part_has_a_name_on_the_page(worlds):
    assert [part for part, _ in worlds.get(Doctor)._checks if part not in PARTS] == []
