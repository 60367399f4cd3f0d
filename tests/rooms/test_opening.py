"""When a room is open, and for whom."""

from datetime import timedelta

import pytest

from portal.audit.service import AuditLog
from portal.booking.availability import parse
from portal.booking.domain import Cause, Details, Mode
from portal.booking.publishing import AvailabilityService
from portal.booking.service import Asker, BookingService
from portal.rooms.domain import Appointment, Hours, Outcome, Phase, hours_of, next_meeting
from portal.rooms.errors import NotConsented, NothingArranged, NotOpen, RoomUnknown
from portal.rooms.joining import JoinService
from portal.rooms.service import RoomService
from portal.study.interview import InterviewRoom


def test_hours_follow_the_study(world):
    start = world.clock()
    hours = hours_of(Appointment("B-1", 1, start, start), InterviewRoom(opens_minutes_before=10, closes_hours_after=2))
    assert hours.phase(start - timedelta(minutes=11)) is Phase.EARLY
    assert hours.phase(start - timedelta(minutes=10)) is Phase.OPEN
    assert hours.phase(start + timedelta(hours=2)) is Phase.OVER


def test_the_open_meeting_comes_before_later_ones(world):
    now = world.clock()
    spans = [(-300, -240), (60, 120), (-10, 30)]
    hours = [Hours(now, now + timedelta(minutes=one), now + timedelta(minutes=other)) for one, other in spans]
    assert next_meeting(hours, now).hours == hours[2]
    assert next_meeting(hours[:1], now) is None


def test_by_hand_it_is_open_from_now_on_and_the_same_for_both(consented_on_both):
    world, person = consented_on_both
    rooms, member = world.get(RoomService), world.member()
    room = rooms.open_by_hand(person, staff_id=member.id)
    assert rooms.enter(person) == room
    assert rooms.open_by_hand(person, staff_id=member.id) == room
    assert rooms.meeting(person).phase is Phase.OPEN
    assert [one.code for one in rooms.open_rooms()] == [room.code]
    opened = [one for one in world.get(AuditLog).newest(10) if one.kind == "rooms.opened"]
    assert [(one.subject, one.fields["by_hand"]) for one in opened] == [(f"room:{room.id}", True)]


def test_without_consent_there_is_no_room(world):
    person = world.participant()
    with pytest.raises(NotConsented):
        world.get(RoomService).open_by_hand(person, staff_id=world.member().id)
    with pytest.raises(NotConsented):
        world.get(RoomService).enter(person)


def test_nothing_arranged_is_said_so(consented):
    world, person = consented
    with pytest.raises(NothingArranged):
        world.get(RoomService).enter(person)


def test_an_outcome_shuts_it_and_the_newest_word_counts(consented_on_both):
    world, person = consented_on_both
    rooms, member = world.get(RoomService), world.member()
    room = rooms.open_by_hand(person, staff_id=member.id)
    rooms.mark(room, Outcome.NOT_ATTENDED, "Nobody came", staff_id=member.id)
    rooms.mark(room, Outcome.DONE, "", staff_id=member.id)
    assert rooms.room(room.code).outcome is Outcome.DONE
    assert not rooms.room(room.code).is_open(world.clock())
    assert rooms.open_by_hand(person, staff_id=member.id).code != room.code


def test_time_shuts_it(consented_on_both):
    world, person = consented_on_both
    rooms, member = world.get(RoomService), world.member()
    room = rooms.open_by_hand(person, staff_id=member.id)
    world.clock.forward(hours=4)
    assert rooms.open_rooms() == []
    assert [one.code for one in rooms.unmarked()] == [room.code]
    assert rooms.meeting(person) is None
    assert rooms.enter(person) == room  # her page is loaded anew in a call that goes on
    world.get(JoinService).note_ended(room)
    with pytest.raises(NothingArranged):
        rooms.enter(person)


def test_another_participant_s_room_is_unknown(consented):
    world, person = consented
    room = world.get(RoomService).open_by_hand(person, staff_id=world.member().id)
    other = world.participant()
    with pytest.raises(RoomUnknown):
        world.get(RoomService).own(other, room.code)
    with pytest.raises(RoomUnknown):
        world.get(RoomService).room("x" * 500)


def booked(world, person, at, details=None):
    """An agreed interview on Wednesday 25 November, at an hour in UTC."""
    member = world.member()
    world.get(AvailabilityService).set_week(member.id, dict.fromkeys(range(5), parse("09:00-17:00")))
    starts = world.clock().replace(day=25, hour=at, minute=0, second=0, microsecond=0)
    return world.get(BookingService).book(person, starts, details or Details(), Asker.staff(member.id))


def test_a_booking_opens_its_room_half_an_hour_before(consented_on_both):
    world, person = consented_on_both
    made = booked(world, person, 12)
    rooms = world.get(RoomService)
    assert [(one.study_id, hours.starts_at) for one, hours in rooms.coming()] == [(person.study_id, made.starts_at)]
    with pytest.raises(NotOpen) as early:
        rooms.enter(person)
    assert early.value.opens_at == made.starts_at - timedelta(minutes=30)
    world.clock.at = made.starts_at - timedelta(minutes=30)
    room = rooms.enter(person)
    assert room.appointment_key == made.reference
    assert rooms.open_by_hand(person, staff_id=made.interviewer_ids[0]) == room
    assert rooms.coming() == []


def test_a_moved_booking_moves_its_room_and_a_cancelled_one_shuts_it(consented_on_both):
    world, person = consented_on_both
    made = booked(world, person, 12)
    world.clock.at = made.starts_at - timedelta(minutes=20)
    rooms, booking, asker = world.get(RoomService), world.get(BookingService), Asker.staff(made.interviewer_ids[0])
    room = rooms.enter(person)
    booking.book(person, made.starts_at + timedelta(hours=2), Details(), asker)
    with pytest.raises(NotOpen):
        rooms.enter(person)
    world.clock.forward(hours=2)
    assert rooms.enter(person).code == room.code
    assert rooms.room(room.code).hours.starts_at == made.starts_at + timedelta(hours=2)
    booking.cancel(person, asker, Cause.TEAM, "ill")
    with pytest.raises(NothingArranged):
        rooms.enter(person)


@pytest.mark.parametrize("over", ["ended", "marked"])
def test_a_booking_that_is_moved_after_its_room_was_over_has_another_room(consented_on_both, over):
    world, person = consented_on_both
    made = booked(world, person, 12)
    world.clock.at = made.starts_at + timedelta(minutes=10)
    rooms, booking, asker = world.get(RoomService), world.get(BookingService), Asker.staff(made.interviewer_ids[0])
    first = rooms.enter(person)
    if over == "ended":
        world.get(JoinService).note_ended(first)
    else:
        rooms.mark(first, Outcome.BROKEN_OFF, "The child woke up", staff_id=made.interviewer_ids[0])
    assert rooms.meeting(person) is None
    moved = booking.book(person, made.starts_at + timedelta(hours=2), Details(), asker)
    assert moved.reference == made.reference
    assert [hours.starts_at for _, hours in rooms.coming()] == [moved.starts_at]
    with pytest.raises(NotOpen):
        rooms.enter(person)
    world.clock.at = moved.starts_at
    second = rooms.enter(person)
    assert second.code != first.code
    assert rooms.enter(person) == second
    assert rooms.coming() == []
    rooms.mark(rooms.room(first.code), Outcome.BROKEN_OFF, "The child woke up", staff_id=made.interviewer_ids[0])
    rooms.mark(second, Outcome.DONE, "", staff_id=made.interviewer_ids[0])
    world.clock.at = moved.ends_at
    assert booking.had(person.id) == 1


def test_a_booking_by_phone_has_no_room(consented):
    world, person = consented
    booked(world, person, 12, Details(Mode.PHONE, phone="01632 960123"))
    assert world.get(RoomService).meeting(person) is None
