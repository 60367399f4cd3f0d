"""`portal media`: the process that holds the interview rooms."""

import os
import sys

import click

from portal.settings import Settings


@click.command()
def media() -> None:
    """Hold the interview rooms: forward sound and picture, and record what may be recorded."""
    Settings.from_env()  # tells what is wrong with the settings before anything starts
    os.execv(sys.executable, [sys.executable, "-m", "portal.rooms.media"])  # noqa: S606 - leaves the web's modules behind
