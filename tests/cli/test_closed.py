"""Commands close what they open: a database's server that has to find out by itself that one is gone logs an error."""

import pytest
from click.testing import CliRunner

from portal.cli import portal
from portal.db.engine import Database
from portal.settings import ROOT
from tests.cli.test_up import open_files

COMMANDS = [
    ["audit", "verify"], ["audit", "key"], ["audit", "checkpoint"], ["doctor"], ["team", "invite"],
    ["worker", "--once"], ["study", "publish", str(ROOT / "portal" / "study" / "vig")],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_connection_is_left(world, monkeypatch, command):
    monkeypatch.setenv("PORTAL_INSTANCE", str(world.settings.instance))
    monkeypatch.setenv("PORTAL_DEMONSTRATION", "yes")
    world.participant()
    world.get(Database).dispose()
    assert open_files(world.settings.instance) == []
    done = CliRunner().invoke(portal, command, catch_exceptions=False)
    assert done.exit_code == (1 if command == ["doctor"] else 0), done.output
    assert open_files(world.settings.instance) == []
