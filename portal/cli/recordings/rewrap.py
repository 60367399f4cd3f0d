"""`portal recordings rewrap`: carry out a colleague's request to open a recording for today's keys, with a key file.

The same act as in the browser, for where no browser can: the recovery key, or very many recordings. The same two
people, the same checks, the same events.
"""

from pathlib import Path

import click

from portal.audit.domain import Actor
from portal.recordings import age
from portal.recordings.errors import RecordingError
from portal.recordings.keys.errors import NotReadyToRecord
from portal.recordings.keys.service import KeyService
from portal.recordings.keys.words import words_of
from portal.recordings.requests.domain import Request, What
from portal.recordings.requests.errors import RecipientsChanged, RequestUnknown, SamePerson
from portal.recordings.requests.service import Requests
from portal.recordings.service import RecordingService
from portal.settings import Settings
from portal.team.domain import Member
from portal.team.errors import SignInRefused
from portal.team.service import TeamService
from portal.web.scopes import Permission
from portal.wiring import Services, opened


@click.command()
@click.argument("number", metavar="REQUEST", type=int)
@click.option("--identity", "key_file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="File with a secret key that opens the recording (AGE-SECRET-KEY-…).")  # fmt: skip
@click.option("--as", "email", required=True, help="Your e-mail address in the portal. You are asked for the rest.")
def rewrap(number: int, key_file: Path, email: str) -> None:
    """Open a recording for today's keys, as a colleague has asked in REQUEST (its number is in the page's address).

    Run it on the server. The key is used here and kept nowhere: delete the file afterwards.
    """
    try:
        identities = age.read_identities(key_file.read_text(encoding="utf-8"))
        with opened(Settings.from_env()) as services:
            me = _sign_in(services.get(TeamService), email)
            _check_reach(services, me, number)
            _carry_out(services, services.get(Requests).request(number), identities, me)
    except SignInRefused as error:
        raise click.ClickException("password or code is wrong, or the account is closed") from error
    except SamePerson as error:
        raise click.ClickException("you asked for this yourself, so a colleague has to carry it out") from error
    except RequestUnknown as error:
        raise click.ClickException(f"no request {number} waits to be carried out") from error
    except (RecipientsChanged, NotReadyToRecord, RecordingError, age.AgeError, UnicodeDecodeError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _sign_in(team: TeamService, email: str) -> Member:
    """Whoever sits there, proved by password and code. Raises SignInRefused."""
    password = click.prompt("Password", hide_input=True, err=True)
    return team.sign_in(email, password, click.prompt("Code from your authenticator app", err=True).strip())


def _check_reach(services: Services, me: Member, number: int) -> None:
    """What the portal's pages check before anybody decides. Raises RequestUnknown for another site's recording."""
    principal = services.principal(Actor.staff(me.id).key)
    if principal is None or Permission.RECORDINGS_DECIDE not in principal.permissions:
        raise click.ClickException("your role does not let you decide about recordings")
    site = services.sites["recording_request"](str(number))
    if site is not None and not principal.sees(site):
        raise RequestUnknown("it is about another site's recording")


def _carry_out(services: Services, asked: Request, identities: list[age.Identity], me: Member) -> None:
    """Show the keys, and once she agrees put new headers in force."""
    requests, recordings = services.get(Requests), services.get(RecordingService)
    if asked.what is not What.REWRAP or asked.agreed is not None:
        raise RequestUnknown("it asks for something else, or is decided")
    asked.check_decider(me.id)
    keys = requests.recipients()
    headers = {
        name: age.rewrap(header, identities, keys) for name, header in recordings.headers(asked.recording).items()
    }
    click.echo(f"Recording {asked.recording}, {len(headers)} files. These keys will open it, and no others:")
    for line in _described(services, keys):
        click.echo(f"  {line}")
    click.confirm("Open it for them?", abort=True)
    requests.rewrap(asked.id, headers, staff_id=me.id)
    click.echo("Done. Delete the file with the secret key now.")


def _described(services: Services, keys: tuple[age.Recipient, ...]) -> list[str]:
    """Each key with its owner and its words, to be compared."""
    owners = {one.recipient.fingerprint: one.owner for one in services.get(KeyService).all()}
    names = services.get(TeamService).names()
    known = [(owners[key.fingerprint], words_of(key.fingerprint)) for key in keys]
    return [f"{'the recovery key' if owner is None else names[owner]}: {' '.join(words)}" for owner, words in known]
