"""The team books, moves and cancels on behalf of somebody on the telephone."""

from portal.audit.service import AuditLog
from portal.booking.domain import Cause, Details
from portal.team.domain import Role
from portal.team.service import TeamService
from tests.booking.conftest import utc
from tests.booking.test_pages import buttons, choose
from tests.support.world import ACTOR


def test_it_books_moves_and_cancels_for_her(desk):
    desk.interviewer()
    person, client = desk.person(), desk.world.staff_client()
    page = client.get(f"/workspace/participants/{person.study_id}/appointment")
    assert "Nothing is booked." in page.text
    times = client.get(f"/workspace/participants/{person.study_id}/appointment/times")
    assert buttons(times)[0].startswith("2026-11-24T1")  # the team needs no notice
    confirm = choose(client, times, "2026-11-25T09:00:00+00:00")
    done = client.submit(confirm, {"mode": "phone", "phone": "01632 960123", "access_needs": "captions"})
    assert "01632 960123" in done.text
    assert "captions" in done.text
    assert desk.booking.current(person.id).starts_at == utc("2026-11-25 09:00")
    listed = client.get("/workspace/bookings")
    assert person.study_id in listed.text
    assert "01632" not in listed.text
    times = client.get(f"/workspace/participants/{person.study_id}/appointment/times")
    client.submit(choose(client, times, "2026-11-25T10:00:00+00:00"), {"mode": "video"})
    assert desk.booking.current(person.id).sequence == 1
    cancel = client.get(f"/workspace/participants/{person.study_id}/appointment/cancel")
    assert "Choose what happened" in client.submit(cancel, {}).text
    client.submit(cancel, {"cause": "participant"})
    assert desk.booking.of_participant(person.id)[0].cause is Cause.PARTICIPANT


def test_looking_at_what_she_needs_is_on_record(desk):
    desk.interviewer()
    person = desk.person()
    made = desk.book(person, "2026-12-01 10:00", Details(access_needs="a ramp"))
    client = desk.world.staff_client()
    client.get(f"/workspace/participants/{person.study_id}/appointment")
    event = desk.world.get(AuditLog).newest(1)[0]
    assert (event.kind, dict(event.fields)) == ("booking.details_read", {"reference": made.reference})


def test_one_that_was_missed_makes_room_for_another(desk):
    desk.interviewer()
    person, client = desk.person(), desk.world.staff_client()
    desk.book(person, "2026-11-26 10:00")
    desk.world.clock.at = utc("2026-11-26 12:00")
    client = desk.world.staff_client()
    page = client.get(f"/workspace/participants/{person.study_id}/appointment")
    assert "This is over." in page.text
    cancel = client.get(f"/workspace/participants/{person.study_id}/appointment/cancel")
    client.submit(cancel, {"cause": "missed"})
    times = client.get(f"/workspace/participants/{person.study_id}/appointment/times")
    assert times.status == 200
    assert buttons(times)


def test_somebody_who_left_is_shown_until_it_is_moved(desk):
    member, other = desk.interviewer(), desk.interviewer("13:00-15:00")
    person, client = desk.person(), desk.world.staff_client()
    desk.book(person, "2026-12-01 10:00")
    desk.world.get(TeamService).close(member.id, actor=ACTOR)
    assert "has left: choose another time" in client.get("/workspace/bookings").text
    times = client.get(f"/workspace/participants/{person.study_id}/appointment/times")
    done = client.submit(choose(client, times, "2026-12-01T13:00:00+00:00"), {"mode": "video"})
    assert other.name in done.text
    assert "has left" not in client.get("/workspace/bookings").text


def test_other_roles_and_other_sites_see_nothing(desk):
    desk.interviewer()
    person = desk.person()
    desk.book(person, "2026-12-01 10:00")
    auditor = desk.world.staff_client(Role.AUDITOR)
    assert auditor.raw.get("/workspace/bookings").status_code == 403
    client = desk.world.staff_client()
    member = desk.world.get(TeamService).members()[-1]
    desk.world.get(TeamService).change(member.id, role=member.role, sites=frozenset({"trust-b"}), actor=ACTOR)
    assert person.study_id not in client.get("/workspace/bookings").text
    assert client.raw.get(f"/workspace/participants/{person.study_id}/appointment").status_code == 404
    assert utc("2026-12-02 10:00") in desk.times(person)
