"""`portal verify`: check a receipt, offline."""

import sys
from pathlib import Path

import click

from portal.receipts.certificates import CERTIFICATE_FILE
from portal.receipts.findings import Verdict
from portal.receipts.verify import LARGEST, NotACertificate
from portal.receipts.verify import verify as check
from portal.settings import Settings


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The study's public certificate (PEM), from its page /verify. Default: the one of this instance.",
)
def verify(file: Path, certificate: Path | None) -> None:
    """Tell what a receipt is and whether it is whole. Exit code 0: whole; 1: not whole; 2: could not check."""
    try:
        trusted = (certificate or Settings.from_env().instance / "keys" / CERTIFICATE_FILE).read_bytes()
        with file.open("rb") as opened:
            verdict = check(opened.read(LARGEST + 1), trusted)
    except (OSError, NotACertificate) as error:
        click.echo(f"This could not be checked: {error}", err=True)
        sys.exit(2)
    _tell(verdict)
    sys.exit(0 if verdict.whole else 1)


def _tell(verdict: Verdict) -> None:
    click.echo(verdict.sentence)
    if verdict.said is not None:
        click.echo(f"  {verdict.said.kind} {verdict.said.reference}, participant {verdict.said.participant}")
        click.echo(f"  study: {verdict.said.study}")
        click.echo(f"  recorded {verdict.said.made_at}, sealed by {verdict.said.sealed_by}")
        if verdict.said.stamped_at is not None:
            click.echo(f"  seal seen by an outside time service at {verdict.said.stamped_at.isoformat()}")
    click.echo(f"  reason: {verdict.reason.value}; SHA-256 of the file: {verdict.sha256}")
