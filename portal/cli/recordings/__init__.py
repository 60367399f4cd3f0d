"""`portal recordings …`: what is done with recordings on the desk, beside the browser."""

import click

from portal.cli.recordings.export import export
from portal.cli.recordings.simulate import simulate


@click.group()
def recordings() -> None:
    """Recordings: make an invented one, bring one home."""


for command in (simulate, export):
    recordings.add_command(command)
