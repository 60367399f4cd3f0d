"""Nobody sits in a room that is over: whoever is still in it is told why, and what comes next."""

import json
from datetime import timedelta

import pytest

from portal.booking.domain import Cause, Details, Mode
from portal.booking.service import Asker, BookingService
from portal.consent.readings import Readings
from portal.rooms.catalogue import RoomCatalogue
from portal.rooms.closing import Closing
from portal.rooms.domain import Outcome
from portal.rooms.errors import MediaAway, NothingArranged
from portal.rooms.service import RoomService
from portal.study.service import StudyBook
from tests.rooms.conftest import OFFER
from tests.rooms.test_join import post
from tests.rooms.test_opening import booked
from tests.support.media import media as stand_in_media

NOBODY = {"outcome": "not_attended", "reason": "Nobody came"}


def kept(world, room, member, fields):
    world.clock.forward(seconds=60)
    desk = world.sign_in(member)
    address = f"/workspace/interviews/{room.code}/outcome"
    page = desk.get(address)
    desk.submit(page, fields)
    return page, desk.get(address)


def ended(room, how, *, spared=True):
    return (f"/rooms/{room.code}/end", {"reason": how} | ({"spare_talk": True} if spared else {}))


def test_who_still_waits_is_told_at_once(in_room, media, world):
    _, _, room, member = in_room
    page, after = kept(world, room, member, NOBODY)
    assert "the call ends for everybody who is still in it" in page.text
    assert "the call ends for everybody" not in after.text
    assert media.asked == [ended(room, "not_held", spared=False)]
    assert world.get(RoomService).room(room.code).ended
    assert world.get(Closing).run() == 0


@pytest.mark.parametrize(("outcome", "how"), [("done", "done"), ("broken_off", "ended_early")])
def test_each_mark_has_its_own_word(in_room, media, world, outcome, how):
    _, _, room, member = in_room
    kept(world, room, member, {"outcome": outcome, "reason": "The line broke"})
    assert media.asked == [ended(room, how, spared=False)]


def test_while_media_is_away_the_outcome_is_kept_and_the_room_ended_later(in_room, world):
    _, _, room, member = in_room
    kept(world, room, member, NOBODY)
    assert world.get(RoomService).room(room.code).outcome is Outcome.NOT_ATTENDED
    with pytest.raises(MediaAway):
        world.get(Closing).run()
    with stand_in_media(world.settings.instance, world.clock) as media:
        assert [world.get(Closing).run(), world.get(Closing).run()] == [1, 0]
        assert media.asked == [ended(room, "not_held", spared=False)]


@pytest.mark.parametrize("code", ["busy", "room_ended", "bad_request"])
def test_where_media_refuses_the_outcome_is_kept_and_the_room_ended_later(in_room, media, world, code):
    _, _, room, member = in_room
    media.refuse = 503, code
    desk = world.sign_in(member)
    address = f"/workspace/interviews/{room.code}/outcome"
    assert desk.submit(desk.get(address), NOBODY).status == 200
    assert world.get(RoomService).room(room.code).outcome is Outcome.NOT_ATTENDED
    media.refuse = None
    assert world.get(Closing).run() == 1


def test_open_rooms_and_those_of_long_ago_are_left_alone(in_room, world):
    _, _, room, member = in_room
    assert world.get(Closing).run() == 0
    world.get(RoomService).mark(room, Outcome.DONE, "", staff_id=member.id)
    world.clock.forward(hours=4 + 25)
    assert world.get(Closing).run() == 0


def test_when_the_hours_are_over_the_room_ends_unless_people_talk(in_room, media, world):
    client, _, room, _ = in_room
    world.clock.forward(hours=3)
    assert client.raw.get("/room/present").status_code == 204  # her page says that she is still there
    world.clock.forward(hours=1)
    media.talks = True
    assert world.get(Closing).run() == 0
    assert not world.get(RoomService).room(room.code).ended
    back = post(client, f"/room/{room.code}/join", OFFER)
    assert back.status_code == 200  # the connection of who talks was lost
    media.talks = False
    assert world.get(Closing).run() == 1
    assert media.asked[-1] == ended(room, "hours")
    refused = post(client, f"/room/{room.code}/join", OFFER)
    assert (refused.status_code, refused.json) == (410, {"error": "over", "how": "hours"})
    assert world.get(Closing).run() == 0


def test_pages_that_were_forgotten_in_a_call_are_put_out_in_the_end(in_room, media, world):
    _, _, room, _ = in_room
    world.clock.forward(hours=4 + 5)
    media.talks = True
    assert world.get(Closing).run() == 0
    world.clock.forward(hours=2)
    assert world.get(Closing).run() == 1
    assert media.asked[-1] == ended(room, "hours", spared=False)
    assert world.get(RoomService).room(room.code).ended


@pytest.fixture
def agreed(world):
    """A participant at her browser in the room of what she has booked, and who gives the interview."""
    invited, client = world.invite(), world.client()
    person = invited.participant
    sheet = world.get(StudyBook).current().study.documents[person.group].information_sheet
    world.get(Readings).note(person, sheet.content_hash)
    world.consent(person)
    made = booked(world, person, 12)
    world.clock.at = made.starts_at - timedelta(minutes=20)
    client.submit(client.get(f"/invitation/{invited.token}"), {})
    return client, person, world.get(RoomService).enter(person), made, Asker.staff(made.interviewer_ids[0])


def test_who_waited_in_vain_can_book_again_and_who_was_let_in_has_had_her_interview(agreed, media, world):
    _, person, room, made, _ = agreed
    world.clock.at = made.starts_at + timedelta(hours=4)
    assert world.get(BookingService).had(person.id) == 1
    assert world.get(Closing).run() == 1
    assert world.get(BookingService).had(person.id) == 0
    world.get(RoomService).mark(room, Outcome.DONE, "", staff_id=made.interviewer_ids[0])  # they talked by phone
    assert world.get(BookingService).had(person.id) == 1


def happened(world, room, event, **fields):
    """As the media process writes it down, and it is catalogued."""
    line = {"at": world.clock().isoformat(), "room": room.code, "event": event, **fields}
    folder = world.settings.instance / "rooms"
    folder.mkdir(exist_ok=True)
    with (folder / f"{room.code}.jsonl").open("a", encoding="utf-8") as journal:
        journal.write(json.dumps(line) + "\n")
    world.get(RoomCatalogue).run()


@pytest.mark.parametrize(("role", "had"), [("participant", 1), ("interpreter", 0)])
def test_an_interview_was_held_where_the_participant_was_let_in(agreed, media, world, role, had):
    _, person, room, made, _ = agreed
    happened(world, room, "admitted", person="p1", role=role)
    world.clock.at = made.starts_at + timedelta(hours=4)
    assert world.get(Closing).run() == 1
    assert world.get(BookingService).had(person.id) == had


def test_who_was_let_in_before_it_was_moved_and_then_waited_in_vain_has_not_had_it(agreed, media, world):
    _, person, room, made, asker = agreed
    happened(world, room, "joined", person="p1", role="participant")
    happened(world, room, "admitted", person="p1", role="participant")
    later = made.starts_at + timedelta(hours=2)
    world.get(BookingService).book(person, later, Details(), asker)  # it was no good moment
    assert world.get(Closing).run() == 1
    happened(world, room, "cleared", reason="moved")
    world.clock.at = later
    happened(world, room, "joined", person="p1", role="participant")
    world.clock.at = later + timedelta(hours=4)
    assert world.get(Closing).run() == 1
    assert world.get(BookingService).had(person.id) == 0
    happened(world, room, "admitted", person="p1", role="participant")
    assert world.get(BookingService).had(person.id) == 1


@pytest.mark.parametrize(
    ("cause", "how"), [(Cause.TEAM, "cancelled"), (Cause.PARTICIPANT, "cancelled"), (Cause.MISSED, "not_held")]
)
def test_when_the_booking_is_cancelled_the_room_ends(agreed, media, world, cause, how):
    _, person, room, _, asker = agreed
    world.get(BookingService).cancel(person, asker, cause, "ill")
    assert world.get(Closing).run() == 1
    assert media.asked == [ended(room, how)]
    assert world.get(RoomService).room(room.code).ended


def test_who_waits_for_an_interview_that_is_moved_is_told_and_the_room_opens_again_then(agreed, media, world):
    _, person, room, made, asker = agreed
    later = made.starts_at + timedelta(hours=2)
    world.get(BookingService).book(person, later, Details(), asker)
    media.talks = True
    assert world.get(Closing).run() == 0
    media.talks = False
    assert world.get(Closing).run() == 1
    assert media.asked == [(f"/rooms/{room.code}/clear", {"reason": "moved"})] * 2
    assert world.get(Closing).run() == 0
    rooms = world.get(RoomService)
    assert rooms.room(room.code).hours.starts_at == later
    world.clock.at = later
    assert rooms.enter(person).code == room.code


@pytest.mark.parametrize("change", ["moved", "cancelled"])
def test_who_talks_while_it_is_moved_or_cancelled_may_load_her_page_anew(agreed, media, world, change):
    client, person, room, made, asker = agreed
    world.clock.at = made.starts_at
    booking, rooms = world.get(BookingService), world.get(RoomService)
    if change == "moved":
        booking.book(person, made.starts_at + timedelta(days=1), Details(), asker)
    else:
        booking.cancel(person, asker, Cause.TEAM, "ill")
    assert client.get("/room/call").address == "/room"  # who only waited
    happened(world, room, "admitted", person="p1", role="participant")
    media.talks = True
    assert world.get(Closing).run() == 0
    assert client.get("/room/call").address == "/room/call"
    assert rooms.enter(person).code == room.code
    media.talks = False
    assert world.get(Closing).run() == 1
    assert client.get("/room/call").address == "/room"


def test_where_it_is_moved_by_little_she_goes_on_waiting(agreed, media, world):
    _, person, room, made, asker = agreed
    world.clock.at = made.starts_at + timedelta(minutes=5)
    world.get(BookingService).book(person, made.starts_at + timedelta(minutes=30), Details(), asker)
    assert world.get(Closing).run() == 1
    assert media.asked == []
    assert world.get(RoomService).room(room.code).hours.starts_at == made.starts_at + timedelta(minutes=30)


def test_who_waits_when_rooms_are_to_open_later_from_now_on_goes_on_waiting(agreed, media, world, monkeypatch):
    """A new version of the study says so; the interview is at the time that she knows."""
    _, _, room, made, _ = agreed
    rules = world.get(RoomService).rules.model_copy(update={"opens_minutes_before": 10})
    monkeypatch.setattr(RoomService, "rules", rules)
    world.get(Closing).run()
    assert media.asked == []
    assert world.get(RoomService).room(room.code).hours.opens_at == made.starts_at - timedelta(minutes=10)


def test_who_waits_for_an_interview_that_is_by_phone_now_is_told_and_may_come_again(agreed, media, world):
    _, person, room, made, asker = agreed
    booking, rooms = world.get(BookingService), world.get(RoomService)
    happened(world, room, "joined", person="p1", role="participant")
    booking.book(person, made.starts_at, Details(Mode.PHONE, phone="01632 960123"), asker)
    world.get(Closing).run()
    assert media.asked == [(f"/rooms/{room.code}/clear", {"reason": "by_phone"})]
    with pytest.raises(NothingArranged):
        rooms.enter(person)
    booking.book(person, made.starts_at, Details(), asker)
    assert rooms.enter(person).code == room.code


def test_an_interview_by_phone_is_carried_into_its_room_while_somebody_is_in_it(agreed, media, world):
    _, person, room, made, asker = agreed
    cleared = (f"/rooms/{room.code}/clear", {"reason": "by_phone"})
    world.get(BookingService).book(person, made.starts_at, Details(Mode.PHONE, phone="01632 960123"), asker)
    world.get(Closing).run()
    assert media.asked == []
    happened(world, room, "joined", person="p1", role="participant")
    media.talks = True
    world.get(Closing).run()
    media.talks = False
    world.get(Closing).run()
    assert media.asked == [cleared] * 2
    happened(world, room, "cleared", reason="by_phone")
    world.get(Closing).run()
    assert media.asked == [cleared] * 2
    happened(world, room, "joined", person="s1", role="interviewer")
    world.get(Closing).run()
    assert media.asked == [cleared] * 3


def test_nobody_goes_back_after_its_hours_into_the_room_of_an_interview_by_phone(agreed, media, world):
    client, person, _, made, asker = agreed
    world.get(BookingService).book(person, made.starts_at, Details(Mode.PHONE, phone="01632 960123"), asker)
    world.clock.at = made.starts_at + timedelta(hours=2, minutes=55)
    assert client.raw.get("/room/present").status_code == 204
    world.clock.at = made.starts_at + timedelta(hours=4)
    world.get(Closing).run()
    with pytest.raises(NothingArranged):
        world.get(RoomService).enter(person)
    assert "Go back to the call" not in client.get("/room/over/left").text


def test_what_happens_at_a_new_time_is_on_record_also_long_after_the_first(agreed, media, world):
    _, person, room, made, asker = agreed
    booking, again = world.get(BookingService), made.starts_at + timedelta(days=5)
    booking.book(person, again, Details(Mode.PHONE, phone="01632 960123"), asker)
    world.clock.at = made.starts_at + timedelta(days=2)
    world.get(RoomCatalogue).run()
    booking.book(person, again, Details(), asker)
    world.clock.at = again
    assert world.get(RoomService).enter(person).code == room.code
    happened(world, room, "admitted", person="p1", role="participant")
    assert [one.kind for one in world.get(RoomCatalogue).events(room.id)] == ["admitted"]


def test_a_page_that_comes_back_learns_why_it_is_over(agreed, media, world):
    client, person, room, made, asker = agreed
    booking = world.get(BookingService)
    booking.book(person, made.starts_at + timedelta(hours=2), Details(), asker)
    world.get(Closing).run()
    early = post(client, f"/room/{room.code}/join", OFFER)
    assert (early.status_code, early.json) == (409, {"error": "early", "how": "moved"})
    booking.cancel(person, asker, Cause.TEAM, "ill")
    world.get(Closing).run()
    gone = post(client, f"/room/{room.code}/join", OFFER)
    assert gone.json["how"] == "cancelled"
