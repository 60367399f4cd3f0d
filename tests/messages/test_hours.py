from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.messages.domain import EVERY_DAY, LONDON, SafeHours, plan

START = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.builds(lambda minutes: START + timedelta(minutes=minutes), st.integers(0, 3 * 365 * 24 * 60))
SPRING, AUTUMN = datetime(2027, 3, 28, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)


@st.composite
def hours(draw):
    start = draw(st.integers(0, 23))
    days = draw(st.sets(st.integers(0, 6), min_size=1))
    return SafeHours(start, draw(st.integers(start + 1, 24)), frozenset(days))


NEAR_CHANGES = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes), st.sampled_from([SPRING, AUTUMN]), st.integers(-1500, 1500)
)


def inside(moment, window):
    """The rule said again, from the wall clock's digits."""
    wall = moment.astimezone(LONDON).strftime("%w %H")
    weekday, hour = (int(wall[0]) - 1) % 7, int(wall[2:])
    return weekday in window.days and window.start <= hour < window.end


@settings(max_examples=300, deadline=None)
@given(hours(), st.one_of(MOMENTS, NEAR_CHANGES))
@example(SafeHours(1, 2, frozenset({6})), SPRING)  # an hour that this Sunday does not have
@example(SafeHours(1, 2, frozenset({6})), AUTUMN)  # and one that it has twice
def test_a_message_waits_for_the_first_safe_moment(window, wanted):
    moment = window.next_from(wanted)
    assert moment >= wanted
    assert inside(moment, window)
    step = wanted
    while step < moment:  # no safe quarter of an hour was passed over
        assert not inside(step, window)
        step += timedelta(minutes=15)


@settings(max_examples=300, deadline=None)
@given(hours(), st.one_of(MOMENTS, NEAR_CHANGES), st.integers(0, 60 * 48), st.integers(0, 60 * 48))
def test_a_plan_is_safe_and_in_time_or_there_is_none(window, now, ahead, lasts):
    wanted = now + timedelta(minutes=ahead)
    until = wanted + timedelta(minutes=lasts)
    moment = plan(window, wanted, until, now)
    if moment is not None:
        assert now <= moment <= until
        assert inside(moment, window)
    else:
        assert not inside(wanted, window)


def test_an_evening_hour_s_link_is_told_of_in_the_afternoon():
    window = SafeHours(9, 17)
    start = datetime(2026, 11, 30, 19, 0, tzinfo=UTC)
    moment = plan(window, start - timedelta(minutes=30), start, datetime(2026, 11, 29, 10, tzinfo=UTC))
    assert moment == datetime(2026, 11, 30, 16, 30, tzinfo=UTC)


def test_quiet_nights_follow_the_clocks_in_summer_too():
    assert SafeHours(8, 20).next_from(datetime(2027, 7, 1, 3, tzinfo=UTC)) == datetime(2027, 7, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "days"), [(8, 8, EVERY_DAY), (20, 8, EVERY_DAY), (8, 25, EVERY_DAY), (8, 20, frozenset())]
)
def test_impossible_hours_are_refused(start, end, days):
    with pytest.raises(ValueError, match="start before they end"):
        SafeHours(start, end, days)
