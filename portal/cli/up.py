"""`portal up`: the whole portal on one machine."""

import os
import signal
import subprocess
import sys
import time
from types import FrameType

import click

from portal.cli.cast import ensure
from portal.settings import ROOT, Settings
from portal.wiring import build


@click.command()
@click.option("--workers", default=2, show_default=True, help="Processes of the web server.")
def up(workers: int) -> None:
    """Start web and worker, and print the links. Ctrl-C stops both."""
    settings = Settings.from_env()
    services = build(settings)
    if settings.demonstration:
        cast = ensure(services, settings)
        click.echo(f"\nA demonstration, with invented people: {settings.public_url}/demo\n")
        for person in cast.participants:
            click.echo(f"  {person.who}: {person.link}")
        for one in cast.staff:
            click.echo(f"  {one.role}: {one.email}, password {one.password} (codes: /demo)")
    click.echo(f"\nThe portal is at {settings.public_url}. Ctrl-C stops it.\n")
    sys.exit(_run(_commands(settings, workers)))


def _commands(settings: Settings, workers: int) -> list[list[str]]:
    web = [
        sys.executable, "-m", "gunicorn", "wsgi:app", "--chdir", str(ROOT), "--bind", f"127.0.0.1:{settings.port}",
        "--worker-class", "gthread", "--threads", "4", "--workers", str(workers), "--no-control-socket",
        "--log-level", "warning", "--graceful-timeout", "20",
    ]  # fmt: skip
    return [web, [sys.executable, "-m", "portal", "worker"]]


def _run(commands: list[list[str]]) -> int:
    """Run until one ends or we are told to stop; then end all. Gives the exit code."""
    children = [subprocess.Popen(command, cwd=ROOT, env=os.environ) for command in commands]
    told = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal told
        told = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not told and all(child.poll() is None for child in children):
        time.sleep(0.2)
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(25)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    return 0 if told else 1
