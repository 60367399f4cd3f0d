"""Passkeys: added, used, refused when anything about the answer is not right."""

import json
from dataclasses import replace

import pytest

from portal.audit.service import AuditLog
from portal.passkeys.errors import PasskeyRefused, TooManyPasskeys
from portal.passkeys.service import PasskeyService
from portal.team.domain import Role
from portal.team.service import TeamService
from tests.support.authenticator import PRESENT, Authenticator
from tests.support.world import ACTOR

OWNER = "participant:1"


@pytest.fixture
def named(make_world):
    """The world, reached by a name, as passkeys need."""
    return make_world("sqlite", public_url="http://localhost:8080")


@pytest.fixture
def named_both(make_world, both):
    """The same on SQLite and PostgreSQL."""
    return make_world(both, public_url="http://localhost:8080")


def register(world, device, owner=OWNER):
    passkeys = world.get(PasskeyService)
    question = passkeys.ask_to_add(owner, "C-0001")
    passkeys.add(owner, device.create(question.options), question.challenge, actor=ACTOR, subject="participant:C-0001")


def test_what_was_added_vouches_for_its_owner(named_both):
    passkeys, device = named_both.get(PasskeyService), Authenticator()
    register(named_both, device)
    question = passkeys.ask()
    assert passkeys.check(device.get(question.options), question.challenge) == OWNER
    assert passkeys.of(OWNER)[0].last_used_at == named_both.clock()


def test_only_a_name_takes_passkeys(world):
    assert not world.get(PasskeyService).available
    client = world.client()
    assert "data-passkey" not in client.get("/sign-in").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://elsewhere.example"},
        {"host": "elsewhere.example"},
        {"flags": PRESENT},  # the phone was not unlocked
        {"key": Authenticator().key},
        {"credential_id": b"somebody else's."},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_wrong_answer_is_refused(named, wrong):
    passkeys, device = named.get(PasskeyService), Authenticator()
    register(named, device)
    question = passkeys.ask()
    answer = replace(device, **wrong).get(question.options)
    with pytest.raises(PasskeyRefused):
        passkeys.check(answer, question.challenge)
    assert named.get(AuditLog).newest(1)[0].kind == "passkeys.refused"


def test_an_answer_to_another_question_is_refused(named):
    passkeys, device = named.get(PasskeyService), Authenticator()
    register(named, device)
    answer = device.get(passkeys.ask().options)
    with pytest.raises(PasskeyRefused):
        passkeys.check(answer, passkeys.ask().challenge)


def test_a_copied_passkey_shows_by_its_count(named):
    passkeys, device = named.get(PasskeyService), Authenticator(count=5)
    register(named, device)
    device.count = 6
    question = passkeys.ask()
    passkeys.check(device.get(question.options), question.challenge)
    question = passkeys.ask()
    with pytest.raises(PasskeyRefused):
        passkeys.check(device.get(question.options), question.challenge)


EMPTY = {"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}
PARTS = {"clientDataJSON": "AA", "attestationObject": "oA", "authenticatorData": "AA", "signature": "AA"}
NONSENSE = ["", "null", "[]", "{", "{}", '{"id": 3}', "\x00" * 50, '{"id":"\ud800"}']


@pytest.mark.parametrize("hostile", [*NONSENSE, json.dumps(EMPTY), json.dumps({**EMPTY, "response": PARTS})])
def test_nonsense_is_refused(named, hostile):
    passkeys = named.get(PasskeyService)
    with pytest.raises(PasskeyRefused):
        passkeys.add(OWNER, hostile, b"x" * 32, actor=ACTOR, subject="x")
    with pytest.raises(PasskeyRefused):
        passkeys.check(hostile, b"x" * 32)


def test_one_passkey_has_one_owner_and_nobody_has_too_many(named_both):
    device = Authenticator()
    register(named_both, device)
    with pytest.raises(PasskeyRefused):
        register(named_both, device, "staff:1")
    for _ in range(9):
        register(named_both, Authenticator())
    with pytest.raises(TooManyPasskeys):
        register(named_both, Authenticator())


def options(page):
    return next(one.get("data-options") for one in page.all("form") if one.get("data-passkey"))


def answer(client, page, text):
    forms = [one for one in page.all("main")[0].iter() if str(one.tag).endswith("}form")]
    at = next(number for number, one in enumerate(forms) if one.get("data-passkey"))
    return client.submit(page, {"answer": text}, form=at)


def add(client, address):
    device, page = Authenticator(), client.get(address)
    assert "is added" in answer(client, page, device.create(options(page))).text
    return device


def test_a_participant_comes_back_with_hers(named):
    client, _ = named.participant_client()
    device, later = add(client, "/your-passkeys"), named.client()
    page = later.get("/sign-in")
    home = answer(later, page, device.get(options(page)))
    assert home.address == "/home"
    event = named.get(AuditLog).newest(1)[0]
    assert (event.kind, event.fields["method"]) == ("people.signed_in", "passkey")


def test_a_removed_one_opens_nothing(named):
    client, _ = named.participant_client()
    device = add(client, "/your-passkeys")
    client.submit(client.get("/your-passkeys"), {}, form=0)
    later = named.client()
    page = later.get("/sign-in")
    assert "This passkey did not work" in answer(later, page, device.get(options(page))).text


def test_a_question_is_good_for_one_answer_and_a_quarter_of_an_hour(named):
    client, _ = named.participant_client()
    device, later = add(client, "/your-passkeys"), named.client()
    page = later.get("/sign-in")
    named.clock.forward(minutes=16)
    assert "did not work" in answer(later, page, device.get(options(page))).text
    page = later.get("/sign-in")
    given = device.get(options(page))
    assert answer(later, page, given).address == "/home"
    replayed = named.client()
    assert "did not work" in answer(replayed, replayed.get("/sign-in"), given).text


def test_staff_sign_in_and_confirm_with_theirs(named):
    member = named.member(Role.LEAD)
    client = named.sign_in(member)
    device, later = add(client, "/team/passkeys"), named.client()
    page = later.get("/team/sign-in")
    assert answer(later, page, device.get(options(page))).address == "/workspace"
    named.clock.forward(minutes=11)
    asked = later.get("/workspace/delegation/sign")
    assert asked.address == "/team/confirm"
    assert answer(later, asked, device.get(options(asked))).address == "/workspace/delegation/sign"


def test_a_participant_s_passkey_opens_no_workspace_and_a_colleague_s_confirms_nothing(named):
    she, _ = named.participant_client()
    hers, staff = add(she, "/your-passkeys"), named.client()
    page = staff.get("/team/sign-in")
    assert answer(staff, page, hers.get(options(page))).address == "/team/sign-in"
    one, other = named.staff_client(), named.staff_client()
    add(one, "/team/passkeys")
    theirs = add(other, "/team/passkeys")
    page = one.get("/team/confirm")
    assert "did not work" in answer(one, page, theirs.get(options(page))).text


def test_a_leaver_s_passkey_opens_nothing(named):
    member = named.member()
    device = add(named.sign_in(member), "/team/passkeys")
    named.get(TeamService).close(member.id, actor=ACTOR)
    later = named.client()
    page = later.get("/team/sign-in")
    assert "did not work" in answer(later, page, device.get(options(page))).text
