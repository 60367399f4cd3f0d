import pytest

from portal.messages.service import Outbox
from portal.people.errors import CodeRefused, EmailTaken
from portal.people.service import PeopleService
from tests.support.post import text_of

EMAIL = "somebody@example.org"


@pytest.fixture
def known(worlds):
    person = worlds.participant()
    worlds.get(PeopleService).set_email(person.id, EMAIL)
    return worlds, person


def code_for(world, email=EMAIL):
    world.get(PeopleService).send_code(email)
    world.get(Outbox).send_due()
    return world.codes()[-1] if world.codes() else None


def test_a_code_brings_her_back_once(known):
    world, person = known
    code = code_for(world)
    assert world.get(PeopleService).sign_in("  Somebody@Example.org ", code).id == person.id
    with pytest.raises(CodeRefused):
        world.get(PeopleService).sign_in(EMAIL, code)


def test_a_code_ends_after_ten_minutes(known):
    world, _ = known
    code = code_for(world)
    world.clock.forward(minutes=10)
    with pytest.raises(CodeRefused):
        world.get(PeopleService).sign_in(EMAIL, code)


def test_after_five_wrong_tries_the_right_code_is_refused_too(known):
    world, _ = known
    code = code_for(world)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        with pytest.raises(CodeRefused):
            world.get(PeopleService).sign_in(EMAIL, wrong)
    with pytest.raises(CodeRefused):
        world.get(PeopleService).sign_in(EMAIL, code)


def test_an_unknown_address_gets_nothing_and_the_page_does_not_tell(world):
    client = world.client()
    page = client.submit(client.get("/sign-in"), {"email": "nobody@example.org"})
    assert page.address == "/sign-in/code"
    world.get(Outbox).send_due()
    assert world.sent == []


def test_codes_are_rationed(known):
    world, _ = known
    for _ in range(8):
        world.get(PeopleService).send_code(EMAIL)
    world.get(Outbox).send_due()
    assert len(world.codes()) == 5


def test_two_participants_cannot_share_an_address(known):
    world, _ = known
    other = world.participant()
    with pytest.raises(EmailTaken):
        world.get(PeopleService).set_email(other.id, EMAIL.upper())


def test_the_message_says_nothing_of_the_study(known):
    world, _ = known
    code_for(world)
    message = world.sent[-1]
    text = f"{message['Subject']} {text_of(message)}".lower()
    assert message["Subject"] == "Your code"
    assert not [word for word in ("study", "perinatal", "mental", "video", "c-0001") if word in text]


def test_through_the_pages(known):
    world, _ = known
    client = world.client()
    page = client.submit(client.get("/sign-in"), {"email": EMAIL})
    world.get(Outbox).send_due()
    refused = client.submit(page, {"code": "12"})
    assert "Enter the 6 digits of the code" in refused.text
    assert refused.title.startswith("Error:")
    home = client.submit(refused, {"code": world.codes()[-1]})
    assert home.address == "/home"


def test_a_stored_address_is_sealed(known):
    world, _ = known
    if not world.settings.database_url:
        folder = world.settings.instance
        assert EMAIL.encode() not in (folder / "portal.sqlite3-wal").read_bytes()
