"""`portal up`: the whole portal on one machine."""

import gc
import os
import sys
from functools import partial

import click
from gunicorn.app import wsgiapp

from portal.cli.cast import ensure
from portal.cli.rooms_cast import open_rooms
from portal.cli.supervisor import Child, run
from portal.cli.worker import work
from portal.db.engine import Database
from portal.rooms.media import launch
from portal.settings import ROOT, Settings
from portal.wiring import build


@click.command()
@click.option("--workers", default=2, show_default=True, help="Processes of the web server.")
def up(workers: int) -> None:
    """Start web, worker and media, and print the links. Ctrl-C stops them."""
    settings = Settings.from_env()
    _prepare(settings)
    click.echo(f"\nThe portal is at {settings.public_url}. Ctrl-C stops it.\n")
    gc.freeze()  # what has been read is the children's too: who looks for rubbish in it would make a copy of it
    sys.exit(run(_children(settings, workers)))


def _prepare(settings: Settings) -> None:
    """Make what is missing of the instance, and hand no connection on to the children."""
    services = build(settings)
    if settings.demonstration:
        cast = ensure(services, settings)
        open_rooms(services, cast)
        click.echo(f"\nA demonstration, with invented people: {settings.public_url}/demo\n")
        for person in cast.participants:
            click.echo(f"  {person.who}: {person.link}")
        for one in cast.staff:
            click.echo(f"  {one.role}: {one.email}, password {one.password} (codes: /demo)")
    services.get(Database).dispose()


def _children(settings: Settings, workers: int) -> list[Child]:
    """Web and worker begin with what this process has read. Media needs an environment of its own from its start."""
    return [
        Child("web", partial(_serve, settings, workers)),
        Child("worker", partial(work, settings)),
        Child("media", launch.COMMAND, environment=launch.environment(os.environ), returns=True),
    ]


def _serve(settings: Settings, workers: int) -> None:
    sys.argv = [
        "gunicorn", "wsgi:app", "--chdir", str(ROOT), "--bind", f"127.0.0.1:{settings.port}",
        "--worker-class", "gthread", "--threads", "4", "--workers", str(workers), "--preload", "--no-control-socket",
        "--log-level", "warning", "--graceful-timeout", "20",
    ]  # fmt: skip
    wsgiapp.run()
