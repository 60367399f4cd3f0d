"""`portal keys …`: the data keys, and the study's recovery key."""

import click

from portal.cli.recovery import recovery
from portal.db.engine import Database
from portal.db.rotation import reseal
from portal.key_files import write_over
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
    write_over(path, both.to_json().encode("ascii"))
    database = Database(settings.effective_database_url, both, personal_keys(settings, both))
    try:
        count = reseal(database)
    finally:
        database.dispose()
    write_over(path, both.without_old().to_json().encode("ascii"))
    click.echo(f"Sealed {count} values anew under key {both.current}. Restart the portal, and back up {path.name}.")


keys.add_command(recovery)
