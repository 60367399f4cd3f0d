"""`portal recordings rewrap`: what the browser does, with a key file on the server."""

from datetime import UTC, datetime

import pyotp
import pytest
from click.testing import CliRunner

from portal.audit.service import AuditLog
from portal.cli import portal
from portal.cli.recordings.simulate import make
from portal.recordings import age
from portal.recordings.catalogue import Catalogue
from portal.recordings.keys.service import KeyService
from portal.recordings.requests.service import Requests
from portal.recordings.service import RecordingService
from portal.rooms.service import RoomService
from portal.team.domain import Role
from portal.team.service import TeamService
from tests.recordings.keys.making import by_passphrase
from tests.recordings.made import MINE, RECOVERY, keyed, recorded, team
from tests.support.world import PASSWORD

NEWCOMER = age.new_identity(age.Kind.X25519)
NOT_FOR_IT = "this key does not open the file: it was encrypted to others"


@pytest.fixture
def studio(world, tmp_path, monkeypatch):
    """A recording for MINE and RECOVERY, a newcomer's key in use since, and a lead who asks to open it for her."""
    world.hers, world.lead = team(world)
    keyed(world, world.hers, world.lead)
    world.recording = recorded(world).id
    keys = world.get(KeyService)
    key = keys.register(str(NEWCOMER.recipient), [by_passphrase()], staff_id=world.lead)
    keys.confirm(key.id, staff_id=world.hers)
    world.asked = world.get(Requests).ask_rewrap(world.recording, staff_id=world.lead).id
    world.key_file = tmp_path / "key.txt"
    world.key_file.write_text(RECOVERY.encode(), encoding="ascii")
    monkeypatch.setenv("PORTAL_INSTANCE", str(world.settings.instance))
    monkeypatch.setenv("PORTAL_DEMONSTRATION", "yes")
    return world


def run(studio, member, *, password=PASSWORD, agrees="y", number=None):
    email = studio.get(TeamService).member(member).email
    command = ["recordings", "rewrap", str(number or studio.asked), "--identity", str(studio.key_file), "--as", email]
    code = pyotp.TOTP(studio.secrets[member]).at(datetime.now(UTC))  # the command has the real clock
    return CliRunner().invoke(portal, command, input=f"{password}\n{code}\n{agrees}\n")


def openers(studio):
    """Who of the three can open the recording."""
    headers = studio.get(RecordingService).headers(studio.recording).values()
    return {
        name for name, identity in (("mine", MINE), ("recovery", RECOVERY), ("newcomer", NEWCOMER))
        if all(opens(header, identity) for header in headers)
    }  # fmt: skip


def opens(header, identity):
    try:
        return bool(age.rewrap(header, [identity], [MINE.recipient]))
    except age.WrongKey:
        return False


def test_a_colleague_opens_a_recording_with_the_joined_recovery_key(studio):
    assert openers(studio) == {"mine", "recovery"}
    result = run(studio, studio.hers)
    assert result.exit_code == 0, result.output
    assert "the recovery key: " in result.output
    assert result.output.count(" ".join(studio.get(KeyService).all()[0].words)) == 1
    assert RECOVERY.encode() not in result.output
    assert openers(studio) == {"mine", "recovery", "newcomer"}
    kinds = [(one.kind, one.actor) for one in studio.get(AuditLog).newest(3)]
    assert kinds == [
        ("recordings.request_decided", f"staff:{studio.hers}"),
        ("recordings.rewrapped", f"staff:{studio.lead}"),
        ("team.signed_in", f"staff:{studio.hers}"),
    ]


@pytest.mark.parametrize(
    ("who", "how", "said"),
    [
        ("hers", {"password": "not her password"}, "password or code is wrong"),
        ("hers", {"number": 99}, "no request 99 waits"),
        ("hers", {"agrees": "n"}, "Aborted"),
        ("lead", {}, "you asked for this yourself"),
        ("auditor", {}, "your role does not let you decide"),
    ],
)
def test_it_refuses_and_leaves_the_recording_as_it_is(studio, who, how, said):
    studio.auditor = studio.member(Role.AUDITOR).id
    result = run(studio, getattr(studio, who), **how)
    assert result.exit_code == 1
    assert said in result.output
    assert openers(studio) == {"mine", "recovery"}
    assert studio.get(Requests).request(studio.asked).agreed is None


def test_a_key_that_does_not_open_it_changes_nothing(studio):
    studio.key_file.write_text(NEWCOMER.encode(), encoding="ascii")
    result = run(studio, studio.hers)
    assert (result.exit_code, result.output.splitlines()[-1]) == (1, f"Error: {NOT_FOR_IT}")
    assert openers(studio) == {"mine", "recovery"}


def test_keys_that_have_changed_since_are_not_put_in_force(studio):
    keys = studio.get(KeyService)
    keys.retire(next(one.id for one in keys.all() if one.owner == studio.lead), staff_id=studio.lead)
    result = run(studio, studio.hers)
    assert (result.exit_code, "have changed since this was asked" in result.output) == (1, True), result.output
    assert openers(studio) == {"mine", "recovery"}


def test_another_site_s_recording_does_not_exist_for_her(studio):
    person = studio.participant()
    studio.consent(person)
    room = studio.get(RoomService).open_by_hand(person, staff_id=studio.hers)
    folder = make(studio.settings.instance / "vault", [MINE.recipient, RECOVERY.recipient], 1, room=room.code)
    studio.get(Catalogue).run()
    asked = studio.get(Requests).ask_rewrap(folder.name, staff_id=studio.lead).id
    stranger = studio.member(sites=["trust-b"]).id
    result = run(studio, stranger, number=asked)
    assert (result.exit_code, f"no request {asked} waits" in result.output) == (1, True), result.output
    assert studio.get(Requests).request(asked).agreed is None
