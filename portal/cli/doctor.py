"""`portal doctor`: look at every part, and say what to do."""

import json
import sys

import click

from portal.operations.domain import Finding, State, worst
from portal.operations.service import Doctor
from portal.settings import Settings
from portal.wiring import opened

_MARKS = {State.OK: "ok     ", State.WARNING: "warning", State.FAILING: "FAILING"}
_CODES = {State.OK: 0, State.WARNING: 0, State.FAILING: 1}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For tools.")
def doctor(*, as_json: bool) -> None:
    """Examine configuration, machine, network, data, keys and backups. Exit code 1 if something fails."""
    with opened(Settings.from_env()) as services:
        findings = services.get(Doctor).examine()
    if as_json:
        click.echo(json.dumps([_plain(one) for one in findings], indent=2))
    else:
        for one in findings:
            _tell(one)
    sys.exit(_CODES[worst(findings)])


def _plain(one: Finding) -> dict[str, str]:
    remedy = str(one.remedy) if one.remedy else ""
    return {"part": one.part, "state": one.state.value, "what": str(one.what), "remedy": remedy}


def _tell(one: Finding) -> None:
    click.echo(f"{_MARKS[one.state]}  {one.part}: {one.what}")
    if one.remedy:
        click.echo(f"         -> {one.remedy}")
