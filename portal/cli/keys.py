"""`portal keys …`: the data keys, and the study's recovery key."""

import os
import secrets
from pathlib import Path

import click

from portal.cli.recovery import recovery
from portal.db.engine import Database
from portal.db.rotation import reseal
from portal.settings import Settings
from portal.wiring import keyring, open_database, personal_keys


@click.group()
def keys() -> None:
    """The keys that seal identities in the database, and the recovery key of recordings."""


@keys.command()
def rotate() -> None:
    """Make a new data key, seal everything anew with it, and forget the old ones."""
    settings = Settings.from_env()
    if settings.data_keys:
        raise click.ClickException("the keys come from PORTAL_DATA_KEYS; rotate where that is kept")
    open_database(settings).dispose()
    path = settings.instance / "keys" / "data.json"
    both = keyring(settings).rotated()
    _replace(path, both.to_json())
    database = Database(settings.effective_database_url, both, personal_keys(settings, both))
    count = reseal(database)
    database.dispose()
    _replace(path, both.without_old().to_json())
    click.echo(f"Sealed {count} values anew under key {both.current}. Restart the portal, and back up {path.name}.")


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


keys.add_command(recovery)
