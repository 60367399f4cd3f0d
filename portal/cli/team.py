"""`portal team …`: the first account."""

import click

from portal.audit.domain import Actor
from portal.settings import Settings
from portal.team.domain import Role
from portal.team.service import TeamService
from portal.wiring import opened


@click.group()
def team() -> None:
    """The research team's accounts."""


@team.command()
@click.option("--role", type=click.Choice([role.value for role in Role]), default="lead", show_default=True)
def invite(role: str) -> None:
    """Print a one-time link to open an account."""
    settings = Settings.from_env()
    with opened(settings) as services:
        token = services.get(TeamService).invite(Role(role), actor=Actor.system("command-line"))
    click.echo(f"{settings.public_url}/team/join/{token}")
