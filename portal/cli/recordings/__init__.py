"""`portal recordings …`: what is done with recordings on the desk, beside the browser."""

import click

from portal.cli.recordings.export import export
from portal.cli.recordings.rewrap import rewrap
from portal.cli.recordings.simulate import simulate


@click.group()
def recordings() -> None:
    """Recordings: make an invented one, bring one home, open one for today's keys."""


for command in (simulate, export, rewrap):
    recordings.add_command(command)
