"""`portal audit …`: prove the audit trail."""

import sys
from pathlib import Path

import click

from portal.audit.checkpoints import Checkpoints
from portal.audit.reading import extract
from portal.db.engine import Database
from portal.settings import Settings
from portal.wiring import opened


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command()
@click.option(
    "--checkpoint", "files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A signed checkpoint kept elsewhere, such as one from a message or a receipt.",
)  # fmt: skip
def verify(files: tuple[Path, ...]) -> None:
    """Recompute the whole chain, and hold it against receipts and checkpoints. Exit code 1 if it does not hold."""
    with opened(Settings.from_env()) as services:
        verdict = services.get(Checkpoints).check(path.read_text(encoding="utf-8") for path in files)
    if verdict.problem:
        raise click.ClickException(f"the chain does not hold: {verdict.problem}")
    click.echo(f"The chain holds: {verdict.events} events, head {verdict.head}")


@audit.command("extract")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--first", default=1, show_default=True, type=click.IntRange(1), help="Number of the first event.")
def write_extract(file: Path, first: int) -> None:
    """Write the trail for an auditor. To check it without the portal: python3 portal/audit/chain.py FILE --key KEY."""
    with opened(Settings.from_env()) as services:
        checkpoints = services.get(Checkpoints)
        checkpoints.make(at_once=True)
        with file.open("x", encoding="utf-8") as out:
            out.writelines(extract(services.get(Database), checkpoints.key.name, first))
    click.echo(f"Written. The key is {checkpoints.key.public}")


@audit.command()
def key() -> None:
    """Print the public key that checkpoints are signed with."""
    with opened(Settings.from_env()) as services:
        click.echo(services.get(Checkpoints).key.public)


@audit.command()
def checkpoint() -> None:
    """Sign where the chain ends now, and print the note."""
    with opened(Settings.from_env()) as services:
        checkpoints = services.get(Checkpoints)
        checkpoints.make(at_once=True)
        checkpoints.send()
        newest = checkpoints.newest()
    if newest is None:
        sys.exit("nothing has been recorded yet")
    click.echo(newest.note, nl=False)
