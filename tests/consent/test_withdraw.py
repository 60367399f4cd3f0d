import pytest

from portal.consent.domain import Standing
from portal.consent.errors import LevelUnknown, NoConsent
from portal.consent.sealing import Sealing
from portal.consent.service import ConsentService
from portal.receipts.service import ReceiptService


def test_stopping_the_recording_leaves_the_rest(worlds):
    person = worlds.participant()
    worlds.consent(person)
    worlds.get(ConsentService).withdraw(person, "stop-recording")
    state = worlds.get(ConsentService).state(person)
    assert state.stands
    assert "recording" not in state.effects
    assert "quotes" in state.effects


def test_stopping_altogether_ends_every_effect(world):
    person = world.participant()
    world.consent(person)
    reference = world.get(ConsentService).withdraw(person, "stop-remove")
    state = world.get(ConsentService).state(person)
    assert state.standing is Standing.WITHDRAWN
    assert state.effects == frozenset()
    assert world.get(Sealing).seal(reference)
    assert world.get(ReceiptService).find(reference) is not None


def test_the_same_twice_is_once(world):
    person = world.participant()
    world.consent(person)
    withdraw = world.get(ConsentService).withdraw
    assert withdraw(person, "stop-keep") == withdraw(person, "stop-keep")


def test_she_may_consent_again_afterwards(worlds):
    person = worlds.participant()
    first = worlds.consent(person)
    worlds.get(ConsentService).withdraw(person, "stop-keep")
    second = worlds.consent(person)
    assert first != second
    assert worlds.get(ConsentService).state(person).stands


def test_there_must_be_something_to_withdraw(world):
    with pytest.raises(NoConsent):
        world.get(ConsentService).withdraw(world.participant(), "stop-keep")


def test_an_unknown_level_is_refused(world):
    person = world.participant()
    world.consent(person)
    with pytest.raises(LevelUnknown):
        world.get(ConsentService).withdraw(person, "stop-everything")


def test_through_the_pages(world):
    client, invited = world.participant_client()
    client.get("/information")
    world.consent(invited.participant)
    page = client.get("/withdraw")
    assert "/withdraw/stop-recording" in page.links()
    confirmed = client.submit(client.get("/withdraw/stop-recording"), {})
    assert confirmed.heading == "Your choice is recorded"
    assert client.get("/withdraw/no-such-level").status == 404
