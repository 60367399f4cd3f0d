"""`portal demo`: the invented cast."""

import json
from dataclasses import asdict

import click

from portal.settings import Settings
from portal.workspace import demo as cast


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For tools: base URL and people.")
def demo(*, as_json: bool) -> None:
    """Print the demonstration's people: links, passwords, codes."""
    settings = Settings.from_env()
    found = cast.read(settings.instance)
    if found is None:
        raise click.ClickException("there is no demonstration here: start one with `make run`")
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
        return
    for person in found.participants:
        click.echo(f"{person.who}: {person.link}")
    for one in found.staff:
        click.echo(f"{one.role}: {one.email} password {one.password} TOTP secret {one.totp_secret}")
