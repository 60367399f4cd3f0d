"""`portal media`: the process that holds the interview rooms."""

import os

import click

from portal.rooms.media import launch
from portal.settings import Settings


@click.command()
def media() -> None:
    """Hold the interview rooms: forward sound and picture, and record what may be recorded."""
    Settings.from_env()  # tells what is wrong with the settings before anything starts
    os.execve(launch.COMMAND[0], launch.COMMAND, launch.environment(os.environ))  # noqa: S606 - leaves the web's modules
