"""Hold, book, move, cancel. The world's clock stands on Tuesday 24 November 2026, 10:00."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from portal.audit.service import AuditLog
from portal.booking.asking import Asker
from portal.booking.availability import parse
from portal.booking.domain import Cause, Details, Mode
from portal.booking.errors import EnoughInterviews, NoBooking, NotConsented, SlotTaken, TooLate, TooManyMoves
from portal.booking.store import BookingRow, CancellationRow, ClaimRow, HoldRow, LiveRow, PlacementRow
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.study.service import StudyBook
from portal.team.service import TeamService
from tests.booking.conftest import utc
from tests.support.world import ACTOR


def test_it_books_a_published_time(desks):
    member, person = desks.interviewer(), desks.person()
    needs = Details(Mode.PHONE, "en", interpreter=True, access_needs="Step-free, please", phone="01632 960123")
    made = desks.book(person, "2026-12-01 10:00", needs)
    assert (made.starts_at, made.ends_at) == (utc("2026-12-01 10:00"), utc("2026-12-01 11:00"))
    assert made.interviewer_ids == (member.id,)
    assert desks.booking.current(person.id) == made
    assert desks.booking.by_reference(made.reference).details == needs
    assert desks.booking.of_staff(member.id, since=desks.world.clock()) == [made]
    assert desks.world.get(AuditLog).newest(1)[0].kind == "booking.made"


def test_it_keeps_what_she_needs_sealed(desks):
    desks.interviewer()
    desks.book(desks.person(), "2026-12-01 10:00", Details(access_needs="a ramp", phone="01632 960123"))
    with desks.world.get(Database).engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT needs FROM booking_placement").scalar_one()
    assert b"ramp" not in bytes(kept)
    assert b"960123" not in bytes(kept)


def test_only_who_consented_may_book(desk):
    desk.interviewer()
    person = desk.world.participant()
    with pytest.raises(NotConsented):
        desk.book(person, "2026-12-01 10:00")
    with pytest.raises(NotConsented):
        desk.booking.hold(person, utc("2026-12-01 10:00"), Asker.herself(person))


def test_the_same_time_is_given_once_and_the_nearest_are_told(desks):
    desks.interviewer()
    desks.book(desks.person(), "2026-12-01 10:00")
    with pytest.raises(SlotTaken) as refused:
        desks.book(desks.person(), "2026-12-01 10:00")
    near = refused.value.nearest
    assert near
    assert all(one in desks.times(desks.person()) for one in near)
    assert utc("2026-12-01 11:30") in near  # an hour, and a buffer of fifteen minutes, in steps of thirty


def test_two_interviewers_pool(desks):
    one, two = desks.interviewer(), desks.interviewer()
    first = desks.book(desks.person(), "2026-12-01 10:00")
    second = desks.book(desks.person(), "2026-12-01 10:00")
    assert {*first.interviewer_ids, *second.interviewer_ids} == {one.id, two.id}
    with pytest.raises(SlotTaken):
        desks.book(desks.person(), "2026-12-01 10:30")


@pytest.mark.parametrize(
    "at", ["2026-12-01 08:30", "2026-12-01 16:30", "2026-12-05 10:00", "2026-11-24 15:00", "2027-06-01 10:00",
           "2026-11-23 10:00", "2026-12-01 10:10", "2026-12-25 10:00"]
)  # fmt: skip
def test_times_that_are_not_offered_are_refused(desk, at):
    desk.interviewer()
    with pytest.raises(SlotTaken):
        desk.book(desk.person(), at)


def test_a_hold_keeps_others_away_until_it_expires(desks):
    desks.interviewer()
    she, he = desks.person(), desks.person()
    hold = desks.booking.hold(she, utc("2026-12-01 10:00"), Asker.herself(she))
    assert desks.booking.held(she.id) == hold
    with pytest.raises(SlotTaken):
        desks.book(he, "2026-12-01 10:30")
    assert utc("2026-12-01 10:00") in desks.times(she)
    assert utc("2026-12-01 10:00") not in desks.times(he)
    desks.world.clock.forward(minutes=11)
    assert desks.booking.held(she.id) is None
    desks.book(he, "2026-12-01 10:30")
    with pytest.raises(SlotTaken):
        desks.book(she, "2026-12-01 10:00")


def test_a_hold_that_expired_does_no_harm_while_the_time_is_free(desk):
    desk.interviewer()
    she = desk.person()
    desk.booking.hold(she, utc("2026-12-01 10:00"), Asker.herself(she))
    desk.world.clock.forward(minutes=30)
    assert desk.book(she, "2026-12-01 10:00").starts_at == utc("2026-12-01 10:00")


def test_holding_another_time_gives_the_first_back(desks):
    desks.interviewer()
    she, he = desks.person(), desks.person()
    desks.booking.hold(she, utc("2026-12-01 10:00"), Asker.herself(she))
    desks.booking.hold(she, utc("2026-12-01 14:00"), Asker.herself(she))
    desks.book(he, "2026-12-01 10:00")
    made = desks.book(she, "2026-12-01 14:00")
    with desks.world.get(Database).reading() as session:
        assert session.scalars(select(HoldRow)).all() == []
        assert len(session.scalars(select(ClaimRow).where(ClaimRow.booking_id == made.id)).all()) == 15


def test_a_double_tap_books_once(desks):
    desks.interviewer()
    person = desks.person()
    assert desks.book(person, "2026-12-01 10:00") == desks.book(person, "2026-12-01 10:00")


def test_moving_keeps_the_old_until_the_new_is_sure(desks):
    desks.interviewer()
    she, he = desks.person(), desks.person()
    old = desks.book(she, "2026-12-01 10:00")
    desks.book(he, "2026-12-02 10:00")
    with pytest.raises(SlotTaken):
        desks.book(she, "2026-12-02 10:00")
    assert desks.booking.current(she.id) == old
    desks.booking.hold(she, utc("2026-12-01 10:30"), Asker.herself(she))  # overlaps her own
    assert desks.booking.current(she.id) == old
    moved = desks.book(she, "2026-12-01 10:30")
    assert (moved.reference, moved.sequence) == (old.reference, 1)
    assert desks.booking.current(she.id) == moved
    assert utc("2026-12-01 09:00") in desks.times(he)
    assert utc("2026-12-01 10:00") not in desks.times(he)


def test_asking_for_the_telephone_is_a_change_at_the_same_time(desk):
    desk.interviewer()
    person = desk.person()
    desk.book(person, "2026-12-01 10:00")
    changed = desk.book(person, "2026-12-01 10:00", Details(Mode.PHONE, phone="01632 960123"))
    assert (changed.sequence, changed.mode) == (1, Mode.PHONE)


def test_cancelling_gives_the_time_back_and_keeps_the_facts(desks):
    desks.interviewer()
    she, he = desks.person(), desks.person()
    made = desks.book(she, "2026-12-01 10:00")
    gone = desks.booking.cancel(she, Asker.herself(she), Cause.PARTICIPANT, "My baby is ill")
    assert (gone.sequence, gone.cause) == (1, Cause.PARTICIPANT)
    assert desks.booking.current(she.id) is None
    assert desks.booking.of_participant(she.id) == [gone]
    desks.book(he, "2026-12-01 10:00")
    again = desks.book(she, "2026-12-02 10:00")
    assert again.reference != made.reference
    with pytest.raises(NoBooking):
        desks.booking.cancel(desks.person(), Asker.staff(1), Cause.TEAM)


def test_facts_are_only_ever_added(desks):
    desks.interviewer()
    she = desks.person()
    desks.book(she, "2026-12-01 10:00")
    desks.booking.cancel(she, Asker.herself(she), Cause.PARTICIPANT)
    database = desks.world.get(Database)
    for act in (
        update(PlacementRow).values(starts_at=utc("2026-12-01 08:00")), delete(PlacementRow), delete(CancellationRow),
        update(BookingRow).values(participant_id=2), delete(BookingRow),
    ):  # fmt: skip
        with pytest.raises(DatabaseError), database.transaction() as session:
            session.execute(act)


def test_the_database_itself_refuses_what_code_forgot(desks):
    member, she = desks.interviewer(), desks.person()
    made = desks.book(she, "2026-12-01 10:00")
    database = desks.world.get(Database)
    with database.reading() as session:
        taken = session.scalars(select(ClaimRow.quantum).where(ClaimRow.booking_id == made.id)).first()
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(ClaimRow(interviewer_id=member.id, quantum=taken, booking_id=made.id))
    with database.transaction() as session:
        session.add(BookingRow(id=99, reference="B-0", participant_id=she.id, made_at=desks.world.clock()))
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(LiveRow(participant_id=she.id, booking_id=99))


def test_limits_of_the_study(desks):
    desks.rules(daily_limit=2, moves=1)
    desks.interviewer()
    desks.book(desks.person(), "2026-12-01 09:00")
    she = desks.person()
    desks.book(she, "2026-12-01 11:00")
    with pytest.raises(SlotTaken):
        desks.book(desks.person(), "2026-12-01 14:00")
    desks.book(she, "2026-12-01 14:00")  # her own does not count against her
    with pytest.raises(TooManyMoves):
        desks.book(she, "2026-12-02 09:00")
    desks.booking.book(she, utc("2026-12-02 09:00"), Details(), Asker.staff(1))  # the team always can


def test_a_study_with_one_interview_books_no_second_until_it_was_missed(desk):
    desk.interviewer()
    she = desk.person()
    desk.book(she, "2026-12-01 10:00")
    desk.world.clock.at = utc("2026-12-02 10:00")
    with pytest.raises(EnoughInterviews):
        desk.book(she, "2026-12-09 10:00")
    desk.booking.cancel(she, Asker.staff(1), Cause.MISSED)
    desk.book(she, "2026-12-09 10:00")


def test_close_to_it_only_the_team_changes_anything(desk):
    desk.interviewer()
    she = desk.person()
    desk.book(she, "2026-12-01 10:00")
    desk.world.clock.at = utc("2026-12-01 08:30")
    with pytest.raises(TooLate):
        desk.book(she, "2026-12-03 10:00")
    with pytest.raises(TooLate):
        desk.booking.cancel(she, Asker.herself(she), Cause.PARTICIPANT)
    moved = desk.booking.book(she, utc("2026-12-01 14:00"), Details(), Asker.staff(1))  # on the telephone, no notice
    assert moved.starts_at == utc("2026-12-01 14:00")


def test_absences_single_days_and_a_closed_account_take_times_away(desk):
    member, she = desk.interviewer(), desk.person()
    assert utc("2026-12-01 10:00") in desk.times(she)
    desk.availability.set_day(member.id, utc("2026-12-01 00:00").date(), ())
    assert not [one for one in desk.times(she) if one.date().isoformat() == "2026-12-01"]
    desk.availability.set_day(member.id, utc("2026-12-25 00:00").date(), parse("10:00-11:00"))  # a bank holiday, meant
    assert utc("2026-12-25 10:00") in desk.times(she)
    assert not [one for one in desk.times(she) if one.date().isoformat() == "2026-12-28"]
    desk.world.get(TeamService).close(member.id, actor=ACTOR)
    assert desk.times(she) == []


def test_length_by_group_and_own_rules(desk):
    desk.rules(minutes_by_group={"practitioner": 45})
    member, he = desk.interviewer("09:00-10:00"), desk.person("practitioner")
    made = desk.book(he, "2026-12-01 09:00")
    assert made.ends_at - made.starts_at == timedelta(minutes=45)
    desk.availability.set_week(member.id, {1: parse("09:00-17:00")})
    desk.availability.set_own(member.id, buffer_minutes=60, daily_limit=None)
    assert utc("2026-12-08 10:45") not in desk.times(desk.person())
    other = desk.book(desk.person(), "2026-12-08 09:00")
    with pytest.raises(SlotTaken):
        desk.book(desk.person(), "2026-12-08 10:30")
    assert desk.book(desk.person(), "2026-12-08 11:00").starts_at == other.ends_at + timedelta(minutes=60)


def test_withdrawn_people_cannot_book(desk):
    desk.interviewer()
    she = desk.person()
    desk.world.get(ConsentService).withdraw(she, "stop-keep")
    with pytest.raises(NotConsented):
        desk.book(she, "2026-12-01 10:00")


def test_only_the_sites_own_interviewers_are_offered(desk):
    member, person = desk.interviewer(), desk.person()
    assert desk.times(person)
    desk.world.get(TeamService).change(member.id, role=member.role, sites={"trust-b"}, actor=ACTOR)
    assert desk.times(person) == []
    book = desk.world.get(StudyBook)
    book.publish(book.current().study.model_copy(update={"sites_apart": False}))
    assert desk.times(person)
