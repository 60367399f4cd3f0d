"""Windows, zones, slots and histories that nobody thought of."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from portal.booking.asking import Asker
from portal.booking.availability import DAY, Plan, Window, merged, moment, open_spans, parse, write
from portal.booking.days import day_page, months
from portal.booking.domain import Cause, Details, Diary, day_in, quanta
from portal.booking.errors import BookingRefused
from portal.booking.slots import Offer, slots_of
from portal.booking.store import ClaimRow
from portal.db.engine import Database
from tests.booking.conftest import utc
from tests.booking.crowd import interviewers, open_door, people

ZONES = [
    "Europe/London",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Apia",
    "Africa/Casablanca",
]
WINDOWS = st.lists(
    st.tuples(st.integers(0, DAY // 5 - 1), st.integers(1, DAY // 5)).filter(lambda one: one[0] < one[1]).map(
        lambda one: Window(one[0] * 5, one[1] * 5)
    ), max_size=6,
)  # fmt: skip
DATES = st.dates(date(2020, 1, 1), date(2040, 12, 31))


def minutes(windows):
    return {at for one in windows for at in range(one.starts, one.ends)}


@given(WINDOWS)
def test_windows_survive_writing_and_merging_keeps_every_minute(windows):
    one = merged(windows)
    assert parse(write(one)) == one
    assert minutes(one) == minutes(windows)
    assert all(before.ends < after.starts for before, after in itertools.pairwise(one))


@given(DATES, WINDOWS, st.sampled_from(ZONES))
def test_spans_are_real_time_in_order_and_begin_when_the_wall_clock_says(day, windows, zone_name):
    zone = ZoneInfo(zone_name)
    spans = list(open_spans(Plan({day.weekday(): merged(windows)}), day, day, zone=zone))
    assert all(one.starts_at < one.ends_at for one in spans)
    assert all(before.ends_at <= after.starts_at for before, after in itertools.pairwise(spans))
    for span in spans:
        assert span.starts_at.utcoffset() == timedelta()
        assert int(span.starts_at.timestamp()) % 300 == 0
        assert day_in(span.starts_at, zone) == day


@given(DATES, st.integers(0, DAY // 5), st.sampled_from(ZONES))
def test_every_minute_of_every_day_has_a_moment(day, quantum, zone_name):
    zone, wall = ZoneInfo(zone_name), datetime.combine(day, datetime.min.time()) + timedelta(minutes=quantum * 5)
    opens, closes = (moment(day, quantum * 5, closing=one, zone=zone) for one in (False, True))
    assert opens <= closes
    local = opens.astimezone(zone).replace(tzinfo=None)
    assert local == wall or local > wall  # an hour that the clocks skip is the moment after it


@pytest.mark.parametrize(
    ("day", "hours", "expected"),
    [
        ("2027-03-28", "00:30-03:00", [("2027-03-28 00:30", "2027-03-28 02:00")]),
        ("2027-03-28", "01:00-02:00", []),
        ("2027-03-28", "01:30-02:30", [("2027-03-28 01:00", "2027-03-28 01:30")]),
        ("2026-10-25", "00:30-02:00", [("2026-10-24 23:30", "2026-10-25 02:00")]),
        ("2026-10-25", "01:00-01:30", [("2026-10-25 00:00", "2026-10-25 01:30")]),
        ("2028-02-29", "09:00-10:00", [("2028-02-29 09:00", "2028-02-29 10:00")]),
        ("2026-07-01", "00:00-24:00", [("2026-06-30 23:00", "2026-07-01 23:00")]),
    ],
)
def test_the_missing_and_the_double_hour(day, hours, expected):
    one = date.fromisoformat(day)
    spans = open_spans(Plan(days={one: parse(hours)}), one, one)
    assert [(span.starts_at, span.ends_at) for span in spans] == [(utc(a), utc(b)) for a, b in expected]


@given(DATES, WINDOWS, st.sets(st.integers(0, 287)), st.sampled_from([5, 15, 30, 45]), st.sampled_from([15, 45, 60]))
def test_slots_lie_in_the_hours_and_touch_nothing_that_is_taken(day, windows, taken, every, length):
    spans = tuple(open_spans(Plan(days={day: merged(windows)}), day, day))
    start = quanta(*(datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=one) for one in (0, 1))).start
    claimed = frozenset(start + one for one in taken)
    diary = Diary(1, spans, timedelta(minutes=10), 99, claimed)
    long_ago, far = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    found = list(slots_of(diary, Offer(timedelta(minutes=length), timedelta(minutes=every), long_ago, far)))
    assert len({one.starts_at for one in found}) == len(found)
    for slot in found:
        assert any(span.starts_at <= slot.starts_at and slot.ends_at <= span.ends_at for span in spans)
        assert claimed.isdisjoint(quanta(slot.starts_at, slot.ends_at + timedelta(minutes=10)))


@given(st.lists(st.integers(0, 200_000), max_size=60), st.sampled_from(ZONES))
def test_pages_and_months_show_each_time_once(moments, zone_name):
    zone = ZoneInfo(zone_name)
    every = sorted({utc("2026-01-01 00:00") + timedelta(minutes=5 * one) for one in moments})
    seen, first = [], None
    while True:
        page = day_page(every, first, 3, zone)
        seen += [one.at for day in page.days for one in day.times]
        if page.after is None:
            break
        first = page.after
    assert seen == every
    counted = sum(cell.free or 0 for month in months(every, zone) for week in month.weeks for cell in week)
    assert counted == len(every)


ACTS = st.lists(
    st.tuples(st.sampled_from(["hold", "book", "cancel", "wait"]), st.integers(0, 2), st.integers(0, 7)),
    min_size=3, max_size=14,
)  # fmt: skip
_examples = itertools.count()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
def test_no_history_of_three_people_ends_in_a_double_booking(world, acts):
    number, start = next(_examples), world.clock.at
    booking = open_door(world.services)
    crowd = people(world.services, 3, start, f"H{number}")
    members = interviewers(world.services, 1, start, parse("09:00-13:00"), f"h{number}-")
    booking._interviewers = lambda _site: {members[0]: "x"}
    at = [utc("2026-12-01 09:00") + timedelta(minutes=30 * one) for one in range(8)]
    for what, who, when in acts:
        try:
            act(world, booking, crowd[who], what, at[when])
        except BookingRefused:
            continue
        finally:
            consistent(world, booking, members[0], crowd)
    world.clock.at = start


def act(world, booking, person, what, at):
    asker = Asker.herself(person)
    if what == "hold":
        booking.hold(person, at, asker)
    elif what == "book":
        booking.book(person, at, Details(), asker)
    elif what == "cancel":
        booking.cancel(person, asker, Cause.PARTICIPANT)
    else:
        world.clock.forward(minutes=6)


def consistent(world, booking, member, crowd):
    """Nobody twice, nothing overlaps, and claims are exactly those of what stands and is held."""
    live = [one for one in booking.of_staff(member, since=utc("2026-11-01 00:00")) if one.cancelled_at is None]
    assert len({one.participant_id for one in live}) == len(live)
    for before, after in itertools.pairwise(live):
        assert before.ends_at + timedelta(minutes=15) <= after.starts_at
    claims = {
        one.id: set(quanta(one.starts_at, one.ends_at + timedelta(minutes=15))) for one in live
    }  # fmt: skip
    with world.get(Database).reading() as session:
        rows = session.execute(
            select(ClaimRow.booking_id, ClaimRow.quantum).where(
                ClaimRow.interviewer_id == member, ClaimRow.booking_id.is_not(None)
            )
        ).all()
        everything = session.scalar(select(func.count()).where(ClaimRow.interviewer_id == member))
    kept: dict[int, set[int]] = {}
    for booking_id, quantum in rows:
        kept.setdefault(booking_id, set()).add(quantum)
    assert kept == claims
    assert everything >= len(rows)
    held = [booking.held(person.id) for person in crowd]
    spans = sorted((one.slot.starts_at, one.slot.ends_at) for one in held if one)
    assert all(before[1] + timedelta(minutes=15) <= after[0] for before, after in itertools.pairwise(spans))
