"""`portal backup` and `portal restore`."""

from pathlib import Path

import click

from portal.clock import now
from portal.db.errors import KeyringError, SnapshotFailed
from portal.operations.backup import Backups
from portal.operations.errors import BackupError
from portal.operations.restore import restore as put_back
from portal.operations.sets import VAULT
from portal.recordings.age import AgeError, parse_recipient, read_identities
from portal.recordings.errors import RecordingError
from portal.settings import Settings
from portal.wiring import opened

_FAULTS = (BackupError, SnapshotFailed, AgeError, RecordingError, KeyringError)


@click.command()
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), help="Default: PORTAL_BACKUP_TO.")
@click.option("--recipient", "recipients", multiple=True, help="A public key (age1…) instead of the recovery key.")
def backup(to: Path | None, recipients: tuple[str, ...]) -> None:
    """Write a backup that only the holders of the recovery key can open."""
    settings = Settings.from_env()
    folder = to or settings.backup_to
    if folder is None:
        raise click.UsageError("say where to: --to FOLDER, or set PORTAL_BACKUP_TO")
    try:
        with opened(settings) as services:
            made = services.get(Backups).make(folder, [parse_recipient(one) for one in recipients])
    except _FAULTS as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{made.folder}: {made.bytes / 1e6:.1f} MB, {made.manifest.recordings} recordings in the vault's copy")


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--identity",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The recovery key, joined from its shares: portal keys recovery join.",
)
def restore(folder: Path, identity: Path) -> None:
    """Put the backup in FOLDER into the empty PORTAL_INSTANCE, and prove that it is whole."""
    try:
        found = put_back(folder, read_identities(identity.read_text(encoding="utf-8")), Settings.from_env(), now)
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{identity} is not a key file") from error
    except _FAULTS as error:
        raise click.ClickException("\n".join([str(error), *getattr(error, "__notes__", ())])) from error
    click.echo(
        f"Restored the backup of {found.manifest.made_at}: {found.events} audit events, none changed or missing, "
        f"and {found.recordings} recordings. Start the portal, then run: portal doctor"
    )
    if found.recordings < found.manifest.recordings:
        click.echo(
            f"WARNING: there were {found.manifest.recordings} recordings when the backup was made. Unless the others"
            f" were destroyed since, the folder {VAULT} beside the backup is not whole: look for another copy of it.",
            err=True,
        )
