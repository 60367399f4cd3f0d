"""`portal up`: the whole portal on one machine."""

import os
import sys

import click

from portal.cli.cast import ensure
from portal.cli.rooms_cast import open_rooms
from portal.cli.supervisor import Child, run
from portal.rooms.media import launch
from portal.settings import ROOT, Settings
from portal.wiring import build


@click.command()
@click.option("--workers", default=2, show_default=True, help="Processes of the web server.")
def up(workers: int) -> None:
    """Start web, worker and media, and print the links. Ctrl-C stops them."""
    settings = Settings.from_env()
    services = build(settings)
    if settings.demonstration:
        cast = ensure(services, settings)
        open_rooms(services, cast)
        click.echo(f"\nA demonstration, with invented people: {settings.public_url}/demo\n")
        for person in cast.participants:
            click.echo(f"  {person.who}: {person.link}")
        for one in cast.staff:
            click.echo(f"  {one.role}: {one.email}, password {one.password} (codes: /demo)")
    click.echo(f"\nThe portal is at {settings.public_url}. Ctrl-C stops it.\n")
    sys.exit(run(_children(settings, workers)))


def _children(settings: Settings, workers: int) -> list[Child]:
    web = [
        sys.executable, "-m", "gunicorn", "wsgi:app", "--chdir", str(ROOT), "--bind", f"127.0.0.1:{settings.port}",
        "--worker-class", "gthread", "--threads", "4", "--workers", str(workers), "--no-control-socket",
        "--log-level", "warning", "--graceful-timeout", "20",
    ]  # fmt: skip
    return [
        Child("web", web),
        Child("worker", [sys.executable, "-m", "portal", "worker"]),
        Child("media", launch.COMMAND, environment=launch.environment(os.environ), returns=True),
    ]
