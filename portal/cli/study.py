"""`portal study …`: check, publish and start studies."""

import shutil
from datetime import datetime
from pathlib import Path

import click

from portal.amendments.errors import NothingChanged
from portal.amendments.service import AmendmentService
from portal.audit.domain import Actor
from portal.settings import ROOT, Settings
from portal.study.domain import Study
from portal.study.errors import PeopleLeftOut, PublishedBefore, StudyFileError
from portal.study.lint import lint as find
from portal.study.lint import without_errors
from portal.study.loader import load
from portal.study.service import StudyBook
from portal.wiring import opened

_FOLDER = click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))


@click.group()
def study() -> None:
    """A study's files."""


@study.command()
@_FOLDER
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Check as if it were this day; otherwise, as of today.")
def lint(folder: Path, *, strict: bool, on: datetime | None) -> None:
    """Check the files, and the documents against the HRA's standards for content and plain English."""
    try:
        problems = find(load(folder), on.date() if on else None)
    except StudyFileError as error:
        problems = error.problems
    for problem in problems:
        click.echo(str(problem))
    if any(strict or problem.severity == "error" for problem in problems):
        raise click.ClickException("the study is not ready")
    click.echo(f"The study can be published ({len(problems)} warnings).")


@study.command()
@_FOLDER
def publish(folder: Path) -> None:
    """Freeze a study's first version. Later ones are amendments: see `portal study propose`."""
    loaded, settings = _load(folder), Settings.from_env()
    with opened(settings) as services:
        book = services.get(StudyBook)
        if loaded.content_hash != book.current().content_hash and not settings.demonstration:
            raise click.ClickException(
                "a version is published already; a new one takes two people: portal study propose"
            )
        try:
            published = book.publish(loaded)
        except (PeopleLeftOut, PublishedBefore) as error:
            raise click.ClickException(f"nothing has changed: {error}") from error
    click.echo(f"Published as {published.content_hash}")


@study.command()
@_FOLDER
@click.option("--reason", prompt="What changes and why", help="What changes and why, with the REC's reference.")
def propose(folder: Path, reason: str) -> None:
    """Put a new version forward. Two people compare, approve and publish it in the workspace."""
    loaded, settings = _load(folder), Settings.from_env()
    try:
        with opened(settings) as services:
            number = services.get(AmendmentService).draft(loaded, reason, actor=Actor.system("command-line"))
    except (NothingChanged, PeopleLeftOut) as error:
        raise click.ClickException(f"nothing has changed: {error}") from error
    click.echo(f"Put forward as amendment {number}: {settings.public_url}/workspace/amendments/{number}")


@study.command()
@click.argument("folder", type=click.Path(exists=False, path_type=Path))
def new(folder: Path) -> None:
    """Start a study in a new folder: every file that it needs, with what to fill in in [brackets]."""
    try:
        shutil.copytree(ROOT / "portal" / "study" / "template", folder)
    except FileExistsError as error:
        raise click.ClickException(f"{folder} is there already: choose another folder") from error
    click.echo(f"Started in {folder}. Fill in what stands in [brackets], then run: portal study lint {folder}")


def _load(folder: Path) -> Study:
    try:
        return without_errors(load(folder))
    except StudyFileError as error:
        raise click.ClickException(f"the files have problems:\n{error}") from error
