"""`portal study …`: check, publish and start studies."""

import shutil
from pathlib import Path

import click

from portal.settings import ROOT, Settings
from portal.study.errors import StudyFileError
from portal.study.lint import lint as find
from portal.study.loader import load
from portal.study.service import StudyBook
from portal.wiring import build

_FOLDER = click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))


@click.group()
def study() -> None:
    """A study's files."""


@study.command()
@_FOLDER
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
def lint(folder: Path, *, strict: bool) -> None:
    """Check the files, and the documents against the HRA's standards for content and plain English."""
    try:
        problems = find(load(folder))
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
    """Freeze the study as it is now. Who consented to an older form is asked about what changed."""
    try:
        loaded = load(folder)
    except StudyFileError as error:
        raise click.ClickException(f"the files have problems:\n{error}") from error
    publication = build(Settings.from_env()).get(StudyBook).publish(loaded)
    click.echo(f"Published as {publication.content_hash}")


@study.command()
@click.argument("folder", type=click.Path(exists=False, path_type=Path))
def new(folder: Path) -> None:
    """Start a study in a new folder, from the bundled one's files, to be rewritten."""
    shutil.copytree(ROOT / "portal" / "study" / "vig", folder)
    click.echo(f"Started in {folder}. Change every file, then run: portal study lint {folder}")
