"""`portal …`: one file per subject."""

import sys

import click

from portal.cli.audit import audit
from portal.cli.backup import backup, restore
from portal.cli.demo import demo
from portal.cli.doctor import doctor
from portal.cli.keys import keys
from portal.cli.media import media
from portal.cli.recordings import recordings
from portal.cli.study import study
from portal.cli.team import team
from portal.cli.up import up
from portal.cli.verify import verify
from portal.cli.worker import worker
from portal.db.errors import SnapshotFailed, StorageUnavailable
from portal.operations.errors import RestoreCutOff
from portal.settings import SettingsError


@click.group()
def portal() -> None:
    """A secure interview and consent portal for health research."""


for command in (up, worker, demo, study, team, keys, audit, verify, doctor, backup, restore, recordings, media):
    portal.add_command(command)


def main() -> None:
    """Run a command; a wrong setting, or an instance or database that cannot be used, is told in one line."""
    try:
        portal()
    except (SettingsError, RestoreCutOff, SnapshotFailed, StorageUnavailable) as error:
        click.echo(f"portal: {error}", err=True)
        sys.exit(2)
