"""`portal audit …`: exit codes that a script can trust, and an extract that leaves the machine."""

import shutil
import sqlite3
import subprocess
import sys

import pytest
from click.testing import CliRunner

from portal.audit import chain
from portal.cli import portal
from tests.audit.test_chain import fill


@pytest.fixture
def run(world, monkeypatch):
    """The command line on the world's instance, in which a few things have happened."""
    fill(world)
    monkeypatch.setenv("PORTAL_INSTANCE", str(world.settings.instance))
    monkeypatch.setenv("PORTAL_DEMONSTRATION", "yes")

    def run(*arguments):
        return CliRunner().invoke(portal, ["audit", *(str(one) for one in arguments)], catch_exceptions=False)

    return run


def test_a_whole_chain(run):
    told = run("verify")
    assert (told.exit_code, "The chain holds: 5 events" in told.output) == (0, True)


def test_a_changed_one(run, world):
    with sqlite3.connect(world.settings.instance / "portal.sqlite3") as connection:
        connection.execute("DROP TRIGGER audit_event_no_update")
        connection.execute("UPDATE audit_event SET actor = 'staff:9' WHERE seq = 2")
    connection.close()
    told = run("verify")
    assert (told.exit_code, "event 2 was changed" in told.output) == (1, True)


def test_a_kept_checkpoint_shows_what_was_cut(run, world, tmp_path):
    note = tmp_path / "note.txt"
    note.write_text(run("checkpoint").output, encoding="utf-8")
    assert run("verify", "--checkpoint", note).exit_code == 0
    note.write_text(note.read_text(encoding="utf-8").replace("\n5\n", "\n9\n"), encoding="utf-8")
    assert run("verify", "--checkpoint", note).exit_code == 1


def test_an_auditor_checks_an_extract_elsewhere(run, tmp_path):
    key, extract = run("key").output.strip(), tmp_path / "trail.jsonl"
    assert run("extract", extract).exit_code == 0
    shutil.copy(chain.__file__, tmp_path / "chain.py")
    command = [sys.executable, "-I", "chain.py", extract, "--key", key]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout.startswith("Whole: 5 events")) == (0, True), told.stderr
