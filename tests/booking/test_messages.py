"""What people are told, by e-mails that are really rendered and sent to a list."""

from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from sqlalchemy import select

from portal.booking.asking import Asker
from portal.booking.domain import Cause, Details, Mode
from portal.booking.duties import BookingDuties
from portal.booking.wishes import Wishes
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.messages.service import Outbox
from portal.messages.store import OutboxMessage
from portal.people.service import PeopleService
from portal.study.service import StudyBook
from portal.wiring import worker
from tests.booking.conftest import utc
from tests.support import pseudo
from tests.support.post import text_of


def reachable(desk, name="she"):
    """Somebody who may book, whose e-mail address is known, and who takes messages at any hour."""
    person = desk.person()
    desk.world.get(PeopleService).set_email(person.id, f"{name}@example.org")
    return person


def sent(desk, at=None):
    """Let the time come and the outbox work; what was sent since, by recipient."""
    if at:
        desk.world.clock.at = utc(at)
    del desk.world.sent[:]
    while desk.world.get(Outbox).send_due():
        pass
    return desk.world.sent


def to(messages, name):
    return [one for one in messages if name in one["To"]]


def entry(message):
    """The calendar part, and what it holds."""
    part = next(one for one in message.walk() if one.get_content_type() == "text/calendar")
    return part, Calendar.from_ical(part.get_payload(decode=True))


def test_both_sides_are_told_with_a_calendar_entry(desks):
    member, she = desks.interviewer(), reachable(desks)
    desks.book(she, "2026-12-01 10:00")
    messages = sent(desks)
    hers, theirs = to(messages, "she@"), to(messages, member.email)
    assert [one["Subject"] for one in hers] == ["Your time is booked"]
    assert "Tuesday 1 December 2026, 10:00 (UK time)" in text_of(hers[0])
    assert [one["Subject"] for one in theirs] == ["A new booking"]
    part, calendar = entry(hers[0])
    assert part.get_param("method") == "REQUEST"
    assert calendar["METHOD"] == "REQUEST"
    assert calendar.events[0].start == utc("2026-12-01 10:00")
    assert "she@example.org" in str(calendar.events[0]["ATTENDEE"])
    assert she.study_id not in theirs[0].as_string()


def test_summer_time_is_told_in_summer_time(desk):
    desk.world.clock.at = utc("2027-03-20 10:00")
    desk.interviewer()
    she = reachable(desk, "other")
    desk.book(she, "2027-03-30 08:00")  # nine in London, two days after the clocks went forward
    hers = to(sent(desk), "other@")[0]
    assert "Tuesday 30 March 2027, 09:00 (UK time)" in text_of(hers)
    assert entry(hers)[1].events[0].start == utc("2027-03-30 08:00")


def test_her_own_zone_stands_beside_it(desk):
    desk.interviewer()
    she = reachable(desk)
    desk.world.get(Wishes).set_zone(she.id, ZoneInfo("Asia/Kolkata"))
    desk.book(she, "2026-12-01 10:00")
    text = text_of(to(sent(desk), "she@")[0])
    assert "10:00 (UK time)" in text
    assert "15:30" in text


def test_a_cancellation_is_no_request(desk):
    desk.interviewer()
    she = reachable(desk)
    desk.book(she, "2026-12-01 10:00")
    sent(desk)
    desk.booking.cancel(she, Asker.herself(she), Cause.PARTICIPANT, "private reason")
    messages = sent(desk)
    assert [one["Subject"] for one in to(messages, "she@")] == ["Your time is cancelled"]
    for one in messages:
        part, calendar = entry(one)
        assert part.get_param("method") == "CANCEL"
        assert (calendar["METHOD"], calendar.events[0]["STATUS"], calendar.events[0]["SEQUENCE"]) == (
            "CANCEL",
            "CANCELLED",
            1,
        )
        assert "private reason" not in one.as_string()
    assert sent(desk, "2026-12-01 09:45") == []


def test_reminders_and_the_way_in_come_at_the_studys_times(desk):
    desk.interviewer()
    she = reachable(desk)
    desk.book(she, "2026-12-01 10:00")
    sent(desk)
    seen = [(at, [one["Subject"] for one in to(sent(desk, at), "she@")]) for at in (
        "2026-11-28 09:59", "2026-11-28 10:01", "2026-11-30 09:59", "2026-11-30 10:01", "2026-12-01 09:29",
        "2026-12-01 09:31", "2026-12-01 10:05",
    )]  # fmt: skip
    assert [words for _, words in seen] == [[], ["A reminder"], [], ["A reminder"], [], ["Soon"], []]


def test_a_move_takes_the_old_reminders_back(desk):
    desk.interviewer()
    she = reachable(desk)
    desk.book(she, "2026-12-01 10:00")
    sent(desk)
    desk.book(she, "2026-12-08 14:00")
    assert [one["Subject"] for one in to(sent(desk), "she@")] == ["Your time has changed"]
    assert to(sent(desk, "2026-12-01 09:35"), "she@") == []
    reminder = to(sent(desk, "2026-12-07 14:01"), "she@")
    assert len(reminder) == 1  # the one of 72 hours is worth nothing any more
    assert "Tuesday 8 December 2026, 14:00" in text_of(reminder[0])


def test_a_late_worker_sends_no_stale_reminder(desk):
    desk.interviewer()
    she = reachable(desk)
    desk.book(she, "2026-12-01 10:00")
    assert to(sent(desk, "2026-12-01 09:40"), "she@")[-1]["Subject"] == "Soon"
    assert "A reminder" not in [one["Subject"] for one in desk.world.sent]
    sent(desk, "2026-12-01 12:00")
    assert desk.world.sent == []


def test_by_telephone_nobody_is_asked_to_join(desk):
    desk.interviewer()
    she = reachable(desk)
    desk.book(she, "2026-12-01 10:00", Details(Mode.PHONE, phone="01632 960123"))
    message = to(sent(desk), "she@")[0]
    assert "We will ring you" in text_of(message)
    assert "960123" not in message.as_string()


def test_another_interviewer_gets_it_and_the_first_one_loses_it(desk):
    first, she = desk.interviewer(), reachable(desk)
    desk.book(she, "2026-12-01 10:00")
    sent(desk)
    second = desk.interviewer()
    desk.availability.set_week(first.id, dict.fromkeys(range(5), ()))
    desk.book(she, "2026-12-02 10:00")
    messages = sent(desk)
    assert [one["Subject"] for one in to(messages, second.email)] == ["A new booking"]
    lost = to(messages, first.email)
    assert [one["Subject"] for one in lost] == ["A booking is cancelled"]
    assert entry(lost[0])[1].events[0]["SEQUENCE"] == 1


def test_who_stops_taking_part_loses_the_booking(desks):
    member, she = desks.interviewer(), reachable(desks)
    desks.book(she, "2026-12-01 10:00")
    sent(desks)
    desks.world.get(ConsentService).withdraw(she, "stop-keep")
    duties = desks.world.get(BookingDuties)
    assert duties.cancel_withdrawn() == 1
    assert duties.cancel_withdrawn() == 0
    assert desks.booking.current(she.id) is None
    assert desks.booking.of_participant(she.id)[0].cause is Cause.WITHDRAWAL
    assert [one["Subject"] for one in to(sent(desks), member.email)] == ["A booking is cancelled"]
    assert utc("2026-12-01 10:00") in desks.times(desks.person())


def test_stopping_only_the_recording_cancels_nothing(desk):
    desk.interviewer()
    she = reachable(desk)
    desk.book(she, "2026-12-01 10:00")
    desk.world.get(ConsentService).withdraw(she, "stop-recording")
    assert desk.world.get(BookingDuties).cancel_withdrawn() == 0


def test_an_earlier_time_is_told_once_and_only_what_is_new(desks):
    desks.rules(daily_limit=8)
    desks.interviewer()
    he, she = desks.person(), reachable(desks)
    desks.book(he, "2026-11-30 10:00")
    desks.book(she, "2026-12-01 10:00")
    wishes, duties = desks.world.get(Wishes), desks.world.get(BookingDuties)
    sent(desks)
    assert duties.offer_earlier() == 0
    wishes.want_earlier(she, wanted=True)
    assert duties.offer_earlier() == 0  # what was free then she has seen
    desks.booking.cancel(he, Asker.herself(he), Cause.PARTICIPANT)
    assert duties.offer_earlier() == 1
    assert duties.offer_earlier() == 0
    assert [one["Subject"] for one in to(sent(desks), "she@")] == ["An earlier time"]
    wishes.want_earlier(she, wanted=False)
    desks.book(he, "2026-11-30 15:00")
    desks.booking.cancel(he, Asker.herself(he), Cause.PARTICIPANT)
    assert duties.offer_earlier() == 0


def test_nothing_is_promised_if_the_booking_fails(desk, monkeypatch):
    desk.interviewer()
    she = reachable(desk)

    def broken(*_args, **_kwargs):
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("portal.booking.notices.Notices._remind", broken)
        with pytest.raises(OSError, match="disk is full"):
            desk.book(she, "2026-12-01 10:00")
    assert desk.booking.current(she.id) is None
    with desk.world.get(Database).reading() as session:
        assert session.scalars(select(OutboxMessage.key).where(OutboxMessage.key.startswith("booking:"))).all() == []


def test_held_times_are_given_back_by_the_worker(desk):
    desk.interviewer()
    she = desk.person()
    desk.booking.hold(she, utc("2026-12-01 10:00"), Asker.herself(she))
    assert desk.world.get(BookingDuties).sweep_holds() == 0
    desk.world.clock.forward(minutes=11)
    assert desk.world.get(BookingDuties).sweep_holds() == 1


def test_the_worker_knows_bookings_duties(desk):
    assert {"offer earlier times", "give back held times"} <= {one.name for one in worker(desk.world.services).duties}


def test_the_calendar_entry_speaks_the_reader_s_language(desk, monkeypatch, tmp_path):
    book = desk.world.get(StudyBook)
    book.publish(book.current().study.model_copy(update={"languages": ("ar",)}))
    pseudo.write(tmp_path, "ar")
    monkeypatch.setattr(desk.world.get(Outbox)._renderer, "_translations", tmp_path)
    member, she = desk.interviewer(), reachable(desk)
    desk.book(she, "2026-12-01 10:00")
    messages = sent(desk)
    hers, theirs = (entry(to(messages, name)[0])[1].events[0] for name in ("she@", member.email))
    assert hers["DESCRIPTION"] == f"{pseudo.OPEN}To join, change or cancel, sign in on the website.{pseudo.CLOSE}"
    assert theirs["DESCRIPTION"] == f"{pseudo.OPEN}Sign in to the workspace to see with whom.{pseudo.CLOSE}"
