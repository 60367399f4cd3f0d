"""What a participant sees of a room that the researcher opened by hand, without a booked time."""

from datetime import timedelta

import pytest

from portal.booking.asking import Asker
from portal.booking.errors import EnoughInterviews
from portal.booking.service import BookingService
from portal.consent.readings import Readings
from portal.rooms.domain import OPEN_BY_HAND, Outcome
from portal.rooms.service import RoomService
from portal.study.service import StudyBook
from tests.rooms.test_closing import happened
from tests.rooms.test_opening import booked

NOTHING = "You have no time booked."
OPEN = "Your interview room is open."


def test_while_it_is_open_every_page_of_hers_leads_into_it(in_room):
    client, *_ = in_room
    page = client.get("/interview")
    assert OPEN in page.text
    assert NOTHING not in page.text
    assert "You do not need to book a time for this call." in page.text
    assert "/room" in page.links()
    assert "/interview/times" in page.links()
    home = client.get("/home")
    assert OPEN in home.text
    assert "You do not need to book." in home.text
    assert "/room" in home.links()


def test_without_a_room_and_without_a_booking_it_says_so(world):
    client, invited = world.participant_client()
    client.get("/information")
    world.consent(invited.participant)
    page = client.get("/interview")
    assert NOTHING in page.text
    assert OPEN not in page.text
    assert "You do not need to book" not in client.get("/home").text


def test_after_an_interview_in_it_there_is_nothing_to_book(in_room, world):
    client, person, room, member = in_room
    world.get(RoomService).mark(room, Outcome.DONE, "", staff_id=member.id)
    page = client.get("/interview")
    assert "You have had your interview." in page.text
    assert NOTHING not in page.text
    assert OPEN not in page.text
    assert OPEN not in client.get("/home").text
    with pytest.raises(EnoughInterviews):
        world.get(BookingService).may_book(person, Asker.herself(person))


@pytest.mark.parametrize("outcome", [Outcome.BROKEN_OFF, Outcome.NOT_ATTENDED])
def test_after_one_that_did_not_come_about_she_can_book(in_room, world, outcome):
    client, _, room, member = in_room
    rooms = world.get(RoomService)
    rooms.mark(room, Outcome.DONE, "", staff_id=member.id)
    rooms.mark(room, outcome, "by mistake marked as done", staff_id=member.id)
    assert NOTHING in client.get("/interview").text


def test_when_its_hours_are_over_it_is_gone(in_room, world):
    client, *_ = in_room
    for _ in range(10):  # she looks now and then, so that she is not signed out
        assert OPEN in client.get("/interview").text
        world.clock.forward(seconds=OPEN_BY_HAND.total_seconds() / 10)
    assert NOTHING in client.get("/interview").text
    assert "No interview is arranged" in client.get("/room").text


def test_after_consent_was_withdrawn_nothing_leads_into_it(in_room):
    client, *_ = in_room
    client.submit(client.get("/withdraw/stop-keep"), {})
    for address in ("/interview", "/home"):
        assert OPEN not in client.get(address).text


@pytest.mark.parametrize(("minutes", "is_open"), [(60, False), (5, True)])
def test_a_booked_interview_s_page_leads_in_when_it_is_time(world, minutes, is_open):
    invited, client = world.invite(), world.client()
    person = invited.participant
    world.get(Readings).note(
        person, world.get(StudyBook).current().study.documents["carer"].information_sheet.content_hash
    )
    world.consent(person)
    booking = booked(world, person, 12)
    world.clock.at = booking.starts_at - timedelta(minutes=minutes)
    client.submit(client.get(f"/invitation/{invited.token}"), {})
    page = client.get("/interview")
    assert booking.reference in page.text
    assert (OPEN in page.text) is is_open
    assert ("/room" in page.links()) is is_open
    assert "You do not need to book" not in page.text


@pytest.mark.parametrize(
    ("outcome", "again"), [(Outcome.DONE, False), (Outcome.BROKEN_OFF, True), (Outcome.NOT_ATTENDED, True)]
)
def test_a_booked_one_that_did_not_come_about_makes_room_for_another(worlds, outcome, again):
    person = worlds.participant()
    worlds.consent(person)
    made = booked(worlds, person, 12)
    worlds.clock.at = made.starts_at
    rooms, booking = worlds.get(RoomService), worlds.get(BookingService)
    room = rooms.enter(person)
    rooms.mark(room, outcome, "", staff_id=made.interviewer_ids[0])
    worlds.clock.at = made.ends_at
    assert booking.had(person.id) == (0 if again else 1)
    if again:
        booking.may_book(person, Asker.herself(person))
        return
    with pytest.raises(EnoughInterviews):
        booking.may_book(person, Asker.herself(person))


def test_one_that_neither_side_came_to_is_asked_about_and_makes_room_for_another(world):
    person = world.participant()
    world.consent(person)
    made = booked(world, person, 12)
    member = world.member()
    world.clock.at = made.starts_at + timedelta(hours=3)
    rooms = world.get(RoomService)
    assert rooms.overlooked() == []  # it is still open
    world.clock.forward(hours=1)
    (still_open,) = rooms.overlooked()
    assert (still_open[0].study_id, still_open[1].starts_at) == (person.study_id, made.starts_at)
    client = world.sign_in(member)
    assert "interview without a word on how it ended" in client.get("/workspace").text
    listing = client.get("/workspace/interviews")
    assert "Nobody came into the room." in listing.text
    page = client.submit(listing, {})
    assert page.heading == f"After the interview with {person.study_id}"
    assert "Nobody came into the room." not in client.get("/workspace/interviews").text
    assert client.submit(listing, {}).heading == "Interviews"  # pressed twice
    client.submit(page, {"outcome": "not_attended", "reason": "We were ill, and she did not come either"})
    assert world.get(BookingService).had(person.id) == 0
    assert rooms.unmarked() == []


@pytest.fixture
def overlooked(world):
    """A participant at her browser, a day after what she had booked; neither side came."""
    invited, client = world.invite(), world.client()
    person = invited.participant
    world.get(Readings).note(
        person, world.get(StudyBook).current().study.documents["carer"].information_sheet.content_hash
    )
    world.consent(person)
    made = booked(world, person, 12)
    world.clock.at = made.starts_at + timedelta(hours=24)
    client.submit(client.get(f"/invitation/{invited.token}"), {})
    return client, person, made


PLANNED, HAD = "Your interview was planned for", "You have had your interview."


def told(client):
    text = client.get("/interview").text
    return [one for one in (PLANNED, HAD, NOTHING) if one in text]


def test_her_page_does_not_say_that_she_had_an_interview_that_nobody_has_said_a_word_of(overlooked):
    client, _, made = overlooked
    page = client.get("/interview")
    assert told(client) == [PLANNED]
    moment = f"{made.starts_at:%-d %B %Y, %H:%M} (UK time)"
    assert f"{moment}. We have not yet written down if we talked with you then." in page.text
    assert {"/messages", "/afterwards"} <= set(page.links())


@pytest.mark.parametrize(
    ("outcome", "says"), [(Outcome.DONE, HAD), (Outcome.BROKEN_OFF, NOTHING), (Outcome.NOT_ATTENDED, NOTHING)]
)
def test_her_page_says_what_the_team_has_marked(overlooked, world, outcome, says):
    client, person, made = overlooked
    rooms, staff_id = world.get(RoomService), made.interviewer_ids[0]
    rooms.mark(rooms.room_of_overlooked(person, staff_id=staff_id), outcome, "", staff_id=staff_id)
    assert told(client) == [says]


def test_whoever_was_let_in_has_had_it_before_the_team_has_marked_it(overlooked, world):
    client, person, made = overlooked
    room = world.get(RoomService).room_of_overlooked(person, staff_id=made.interviewer_ids[0])
    assert told(client) == [PLANNED]
    happened(world, room, "admitted", person="p1", role="participant")
    assert told(client) == [HAD]


def test_one_by_hand_that_took_place_instead_counts(overlooked, world):
    client, person, made = overlooked
    rooms, staff_id = world.get(RoomService), made.interviewer_ids[0]
    rooms.mark(rooms.open_by_hand(person, staff_id=staff_id), Outcome.DONE, "", staff_id=staff_id)
    assert told(client) == [HAD]
