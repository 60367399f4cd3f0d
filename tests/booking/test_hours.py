"""An interviewer's own pages: hours, absences, rules, feed."""

import re
from datetime import date

from icalendar import Calendar

from portal.booking.publishing import AvailabilityService
from portal.team.service import TeamService
from tests.booking.conftest import utc
from tests.support.world import ACTOR

DAYS = {f"day{at}": "" for at in range(7)}


def at_hours(desk):
    """A member signed in, and her number."""
    client = desk.world.staff_client()
    return client, desk.world.get(TeamService).members()[-1].id


def fill(client, page, form, **fields):
    return client.submit(page, fields, form=form)


WEEK, ABSENCE, RULES, CALENDAR, FEED = range(5)


def test_a_usual_week_is_published_and_offered(desks):
    client, me = at_hours(desks)
    page = client.get("/workspace/hours")
    assert "You offer no times yet" in page.text
    saved = fill(client, page, WEEK, **{**DAYS, "day1": "9:00-12:30, 12:00–17:00;18:00-19:00"})
    assert "Your usual week is saved." in saved.text
    assert 'value="09:00-17:00, 18:00-19:00"' in saved.text  # overlapping ones became one
    times = desks.times(desks.person())
    assert utc("2026-12-01 16:00") in times
    assert utc("2026-12-01 18:00") in times
    assert {one.weekday() for one in times} == {1}
    assert desks.availability.plan(me).weekly[0] == ()


def test_odd_hours_are_refused_and_nothing_typed_is_lost(desk):
    client, me = at_hours(desk)
    page = client.get("/workspace/hours")
    for odd in ("nine to five", "17:00-09:00", "09:00-09:00", "09:03-10:00", "23:00-25:00", "09:60-10:00", "09:00"):
        refused = fill(client, page, WEEK, **{**DAYS, "day1": odd, "day4": "10:00-11:00"})
        assert "Tuesday: write times like 09:00-12:30" in refused.text, odd
        assert 'value="10:00-11:00"' in refused.text
    assert desk.availability.plan(me).weekly == {}


def test_one_week_may_differ(desk):
    client, me = at_hours(desk)
    desk.availability.set_week(me, dict.fromkeys(range(5), desk.office))
    page = client.get("/workspace/hours?week=2026-12-23")
    values = page.form_values(page.all("form")[1])
    assert (values["day3"], values["day4"]) == ("09:00-17:00", "")  # Christmas Day is a bank holiday
    answer = client.raw.post("/workspace/hours?week=2026-12-23", data={**values, "day0": "", "day4": "10:00-12:00"})
    assert answer.status_code == 302
    plan = desk.availability.plan(me)
    assert set(plan.days) == {date(2026, 12, 21), date(2026, 12, 25)}
    times = desk.times(desk.person())
    assert utc("2026-12-25 10:00") in times
    assert utc("2026-12-21 10:00") not in times
    assert utc("2026-12-14 10:00") in times
    for odd in ("0001-01-01", "9999-12-31", "x"):
        assert client.get(f"/workspace/hours?week={odd}").status == 200


def test_absences_are_added_and_removed(desk):
    client, me = at_hours(desk)
    desk.availability.set_week(me, dict.fromkeys(range(5), desk.office))
    page = client.get("/workspace/hours")
    fields = {"first": "2026-12-01", "from_time": "10:00", "last": "2026-12-01", "to_time": "12:00", "note": "Dentist"}
    saved = fill(client, page, ABSENCE, **fields)
    assert "Dentist" in saved.text
    times = [one for one in desk.times(desk.person()) if one.date() == date(2026, 12, 1)]
    assert utc("2026-12-01 09:00") in times
    assert not [one for one in times if utc("2026-12-01 09:01") <= one < utc("2026-12-01 12:00")]
    number = desk.availability.absences(me)[0].id
    token = saved.form_values(saved.all("form")[1])["csrf_token"]
    client.raw.post(f"/workspace/hours/absences/{number}/remove", data={"csrf_token": token})
    assert desk.availability.absences(me) == []


def test_absences_that_make_no_sense_are_told(desk):
    client, me = at_hours(desk)
    page = client.get("/workspace/hours")
    for fields, words in (
        ({"first": "2026-12-02", "last": "2026-12-01"}, "It must end after it starts"),
        ({"first": "2026-10-02", "last": "2026-10-03"}, "This is over"),
        ({"first": "", "last": "2026-12-01"}, "Give the first day"),
        ({"first": "2026-12-01", "last": "2026-12-01", "from_time": "25:00"}, "Write a time like 09:30"),
    ):
        assert words in fill(client, page, ABSENCE, note="My note", **fields).text
    assert desk.availability.absences(me) == []


def test_nobody_removes_another_ones_absence(desk):
    member = desk.interviewer()
    desk.availability.add_absence(member.id, desk.span("2026-12-01 10:00", "2026-12-01 12:00"))
    client, _ = at_hours(desk)
    token = client.get("/workspace/hours")
    values = token.form_values(token.all("form")[1])
    number = desk.availability.absences(member.id)[0].id
    client.raw.post(f"/workspace/hours/absences/{number}/remove", data={"csrf_token": values["csrf_token"]})
    assert len(desk.availability.absences(member.id)) == 1


def test_own_rules(desk):
    client, me = at_hours(desk)
    page = client.get("/workspace/hours")
    assert "Give a multiple of five minutes" in fill(client, page, RULES, buffer_minutes="7", daily_limit="").text
    assert "Between 1 and 24" in fill(client, page, RULES, buffer_minutes="", daily_limit="99").text
    fill(client, page, RULES, buffer_minutes="30", daily_limit="2")
    own = desk.availability.own(me)
    assert (own.buffer_minutes, own.daily_limit) == (30, 2)


def test_the_feed_is_private_says_nothing_and_can_be_ended(desk):
    client, me = at_hours(desk)
    desk.availability.set_week(me, dict.fromkeys(range(5), desk.office))
    she = desk.person()
    made = desk.book(she, "2026-12-01 10:00")
    shown = fill(client, client.get("/workspace/hours"), FEED)
    address = re.search(r"http://[^<\s]+(/calendar/[^<\s]+\.ics)", shown.text)
    assert address
    outside = desk.world.client()
    answer = outside.file(address[1])
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/calendar")
    calendar = Calendar.from_ical(answer.data)
    assert [one.start for one in calendar.events] == [utc("2026-12-01 10:00")]
    assert she.study_id not in answer.get_data(as_text=True)
    assert made.reference in answer.get_data(as_text=True)
    assert address[1].split("/")[-1].removesuffix(".ics").encode() not in desk.stored()
    again = fill(client, client.get("/workspace/hours"), FEED)
    assert outside.file(address[1]).status_code == 404
    newer = re.search(r"(/calendar/[^<\s]+\.ics)", again.text)[1]
    assert outside.file(newer).status_code == 200
    desk.world.get(TeamService).close(me, actor=ACTOR)
    assert outside.file(newer).status_code == 404
    assert outside.file("/calendar/guess.ics").status_code == 404


def test_ending_the_feed(desk):
    client, me = at_hours(desk)
    token = desk.world.get(AvailabilityService).issue_feed(me)
    assert desk.world.client().file(f"/calendar/{token}.ics").status_code == 200
    page = client.get("/workspace/hours")
    assert "The address works no more" in client.submit(page, {}).text
    assert desk.world.client().file(f"/calendar/{token}.ics").status_code == 404
