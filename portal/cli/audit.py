"""`portal audit …`: prove the audit trail."""

import click

from portal.audit.service import AuditLog
from portal.receipts.service import ReceiptService
from portal.settings import Settings
from portal.wiring import build


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command()
def verify() -> None:
    """Recompute the whole chain, and compare it with the anchor on each receipt. Exit code 1 if it does not hold."""
    services = build(Settings.from_env())
    verdict = services.get(AuditLog).verify(services.get(ReceiptService).anchors())
    if verdict.problem:
        raise click.ClickException(f"the chain does not hold: {verdict.problem}")
    click.echo(f"The chain holds: {verdict.events} events, head {verdict.head}")
