import pytest

from portal.rooms.service import RoomService
from tests.support.media import media as stand_in_media

OFFER = {"sdp": "v=0\r\ns=offer\r\n"}


@pytest.fixture
def media(world):
    """A stand-in that checks tickets on the real socket."""
    with stand_in_media(world.settings.instance, world.clock) as stand_in:
        yield stand_in


@pytest.fixture
def consented(world):
    """A world with somebody who has consented."""
    person = world.participant()
    world.consent(person)
    return world, person


@pytest.fixture
def consented_on_both(worlds):
    """The same on both databases."""
    person = worlds.participant()
    worlds.consent(person)
    return worlds, person


@pytest.fixture
def in_room(world):
    """A participant with consent at her browser, and her open room."""
    client, invited = world.participant_client()
    client.get("/information")
    world.consent(invited.participant)
    member = world.member()
    room = world.get(RoomService).open_by_hand(invited.participant, staff_id=member.id)
    return client, invited.participant, room, member
