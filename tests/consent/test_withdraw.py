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
    assert "I still want to take part, but not be recorded" in confirmed.text
    assert "If an interview was booked" not in confirmed.text
    again = client.get("/withdraw")
    assert "You chose this on" in again.text
    assert "/withdraw/stop-recording" not in again.links()
    assert client.get("/withdraw/no-such-level").status == 404


def test_afterwards_nothing_more_is_asked_of_her(world):
    client, invited = world.participant_client()
    client.get("/information")
    world.consent(invited.participant)
    stopped = client.submit(client.get("/withdraw/stop-keep"), {})
    assert "If an interview was booked, we cancel it for you" in stopped.text
    home = client.get("/home")
    assert "You have stopped taking part" in home.text
    assert "To do" not in home.text
    assert "/withdraw" not in home.links()
    assert "Choose a time" not in client.get("/interview").text
    assert "You do not need to do anything more" in client.get("/consent").text
    other, _ = world.participant_client()
    assert other.get(stopped.address).status == 404
