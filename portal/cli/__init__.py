"""`portal …`: one file per subject."""

import gc
import sys
from importlib import import_module

import click

from portal.db.errors import SnapshotFailed, StorageUnavailable
from portal.operations.errors import RestoreCutOff
from portal.settings import SettingsError

_COMMANDS = (
    "up", "worker", "demo", "study", "team", "keys", "audit", "verify", "doctor", "backup", "restore", "recordings",
    "media",
)  # fmt: skip
_BESIDE = {"restore": "backup"}
"""Which module has a command that has none of its own name."""


class _Commands(click.Group):
    """Reads a command's module when it is asked for: the whole portal takes seconds, `portal verify` needs little."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        gc.disable()  # there is no rubbish among what is read: to look for some takes a sixth of the time
        try:
            module = import_module(f"portal.cli.{_BESIDE.get(cmd_name, cmd_name)}")
        finally:
            gc.enable()
        found: click.Command = getattr(module, cmd_name)
        return found


@click.group(cls=_Commands)
def portal() -> None:
    """A secure interview and consent portal for health research."""


def main() -> None:
    """Run a command; a wrong setting, or an instance or database that cannot be used, is told in one line."""
    try:
        portal()
    except (SettingsError, RestoreCutOff, SnapshotFailed, StorageUnavailable) as error:
        click.echo(f"portal: {error}", err=True)
        sys.exit(2)
    finally:
        gc.freeze()  # to look for rubbish in all that was read, only to end, takes a third of a short command's time
