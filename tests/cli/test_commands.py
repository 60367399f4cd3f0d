"""What `portal` offers, and that a command brings only what it needs."""

import subprocess
import sys

import click
from click.testing import CliRunner

from portal.cli import portal
from portal.settings import ROOT


def test_help_lists_each_command_and_each_can_be_called():
    names = portal.list_commands(click.Context(portal))
    told = CliRunner().invoke(portal, ["--help"]).output
    for name in names:
        assert f"\n  {name} " in told
        assert CliRunner().invoke(portal, [name, "--help"]).exit_code == 0


def test_what_is_no_command_is_refused():
    assert "No such command 'sealing'" in CliRunner().invoke(portal, ["sealing"]).output


def test_checking_a_receipt_needs_neither_the_web_application_nor_the_database():
    asked = "import sys; from portal.cli import portal; portal(['verify', '--help'], standalone_mode=False)"
    seen = "; print([one for one in ('flask', 'sqlalchemy', 'weasyprint') if one in sys.modules])"
    told = subprocess.run([sys.executable, "-c", asked + seen], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.endswith("[]\n")


def test_nothing_that_a_command_has_read_is_looked_through_for_rubbish_when_it_ends():
    asked = "import atexit, gc, sys; atexit.register(lambda: print(gc.get_freeze_count() > 10_000, gc.isenabled()))"
    call = "; from portal.cli import main; sys.argv = ['portal', 'verify', '--help']; main()"
    told = subprocess.run([sys.executable, "-c", asked + call], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.endswith("\nTrue True\n")
