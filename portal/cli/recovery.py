"""`portal keys recovery …`: the study's recovery key, made and joined on a computer without network."""

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from portal.audit.domain import Actor
from portal.recordings.age import Identity, Kind
from portal.recordings.keys.errors import KeyKnown, KeyRefused
from portal.recordings.keys.recovery import RecoveryKey, SharesRefused, check, make, needed
from portal.recordings.keys.recovery import join as joined
from portal.recordings.keys.service import KeyService
from portal.recordings.keys.words import words_of
from portal.settings import Settings
from portal.wiring import opened

_PAGE = "\f"
"""Form feed: a printer starts a new page, so that each share comes on a sheet of its own."""


@click.group(invoke_without_command=True)
@click.option("--threshold", default=2, show_default=True, help="How many shares join the key again.")
@click.option("--shares", default=3, show_default=True, help="How many shares are made.")
@click.option("--classic", is_flag=True, help="X25519 alone: for tools older than age 1.3. No quantum resistance.")
@click.pass_context
def recovery(context: click.Context, *, threshold: int, shares: int, classic: bool) -> None:
    """Make the study's recovery key and print its shares. Nothing is stored: print, check, then clear the screen.

    Use a computer without network. `portal keys recovery | lp` prints one page a share.
    """
    if context.invoked_subcommand is not None:
        return
    try:
        key = make(threshold, shares, *([Kind.X25519] if classic else []))
    except SharesRefused as error:
        raise click.ClickException(str(error)) from error
    click.echo(_PAGE.join([_public_page(key), *(_share_page(key, at) for at in range(shares))]))


@recovery.command()
@click.option(
    "--to", type=click.Path(exists=False, path_type=Path), required=True, help="A new file for the identity (0600)."
)
def join(to: Path) -> None:
    """Join shares to an identity file for `age -d -i FILE` or the portal's unlock page. Delete it after use."""
    shares: list[str] = []
    while not shares or len(shares) < needed(shares[0]):
        of = f" of {needed(shares[0])}" if shares else ""
        try:
            share = check(click.prompt(f"Share {len(shares) + 1}{of}", err=True))
        except SharesRefused as error:
            click.echo(str(error), err=True)
            continue
        if share in shares:
            click.echo("this share is there already: take another sheet", err=True)
            continue
        shares.append(share)
    try:
        identity = joined(shares)
    except SharesRefused as error:
        raise click.ClickException(str(error)) from error
    _write(to, identity)
    click.echo(f"Joined: {_words(identity)}\nThe identity is in {to}. Delete that file as soon as it has served.")


@recovery.command()
@click.argument("recipient")
@click.option("--threshold", required=True, type=int, help="How many shares join the key again.")
@click.option("--shares", required=True, type=int, help="How many shares were made.")
def register(recipient: str, *, threshold: int, shares: int) -> None:
    """Register the public half in this portal. A member of the team then compares its words and confirms it."""
    try:
        with opened(Settings.from_env()) as services:
            key = services.get(KeyService).register_recovery(
                recipient, threshold=threshold, shares=shares, actor=Actor.system("command-line")
            )
    except (KeyRefused, KeyKnown) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Registered. Compare these words on the page “Recipients” and confirm there: {' '.join(key.words)}")


def _public_page(key: RecoveryKey) -> str:
    return (
        f"RECOVERY KEY OF THE STUDY, made {datetime.now(UTC):%d %B %Y}\n\n"
        f"Any {key.threshold} of its {len(key.shares)} shares open every recording made for it.\n\n"
        f"Its words: {_words(key.identity)}\n\n"
        "Its public key, for the page “Recipients” in the workspace:\n"
        f"{key.identity.recipient}\n\n"
        "Keep each share in another place, with another person. Give no two to the same one.\n"
    )


def _share_page(key: RecoveryKey, at: int) -> str:
    words = key.shares[at].split()
    lines = "\n".join("   ".join(f"{place + 1:>2} {word:<9}" for place, word in row) for row in _rows(words))
    return (
        f"SHARE {at + 1} OF {len(key.shares)} of the study's recovery key ({key.threshold} are needed)\n"
        f"The key's words: {_words(key.identity)}\n\n{lines}\n\n"
        "SECRET. Keep this sheet sealed. Type its words only at `portal keys recovery join`.\n"
        f"On one line:\n{key.shares[at]}\n"
    )


def _rows(words: list[str], wide: int = 5) -> list[list[tuple[int, str]]]:
    numbered = list(enumerate(words))
    return [numbered[at : at + wide] for at in range(0, len(words), wide)]


def _words(identity: Identity) -> str:
    return " ".join(words_of(identity.recipient.fingerprint))


def _write(path: Path, identity: Identity) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.ClickException(f"the file {path} cannot be made: {error.strerror}") from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"# recovery key: {_words(identity)}\n{identity.encode()}\n")
