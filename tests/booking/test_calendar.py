"""Calendar files, read back by icalendar and by Debian's vobject, an implementation of its own."""

import json
import subprocess
from dataclasses import replace

import pytest
from icalendar import Calendar

from portal.booking.calendar import Calendars, Method
from portal.booking.domain import Appointment, Cause, Details
from tests.booking.conftest import utc
from tests.booking.test_pages import choose_and_book, visitor

HEALTH = ("health", "study", "interview", "perinatal", "vig", "mental", "research", "trust", "nhs", "university")
VOBJECT = """
import json, sys, vobject
calendar = vobject.readOne(sys.stdin.buffer.read().decode())
calendar.validate(raiseException=True)
print(json.dumps([{
    "method": calendar.method.value, "uid": one.uid.value, "sequence": one.sequence.value, "title": one.summary.value,
    "starts": one.dtstart.value.isoformat(), "ends": one.dtend.value.isoformat(), "status": one.status.value,
    "attendees": [each.value for each in one.contents.get("attendee", [])],
} for one in calendar.vevent_list]))
"""
CALENDARS = Calendars(organiser="no-reply@example.org", organiser_name="Your messages", public_url="https://a.example/")


def by_vobject(content: bytes) -> list[dict]:
    """What the second implementation reads, in a process of the system's Python."""
    answer = subprocess.run(["/usr/bin/python3", "-c", VOBJECT], input=content, capture_output=True, check=False)
    assert answer.returncode == 0, answer.stderr.decode()
    return json.loads(answer.stdout)


def appointment(starts="2026-12-01 10:00", ends="2026-12-01 11:00", sequence=0) -> Appointment:
    made = utc("2026-11-24 10:00")
    return Appointment(
        7, "B-2345-6789-BCDF", 3, (1,), utc(starts), utc(ends), sequence, made, made, Details(access_needs="postnatal")
    )


def message(one: Appointment):
    return CALENDARS.message(
        one, title="Appointment", words="To join, sign in.", attendee="she@example.org", page="/home"
    )


def test_a_request_a_move_and_a_cancellation_are_one_entry():
    first = appointment()
    moved = appointment("2026-12-02 14:00", "2026-12-02 15:00", sequence=1)
    gone = replace(moved, sequence=2, cancelled_at=utc("2026-11-25 10:00"), cause=Cause.PARTICIPANT)
    seen = [by_vobject(message(one).content)[0] for one in (first, moved, gone)]
    assert {one["uid"] for one in seen} == {"b-2345-6789-bcdf@a.example"}
    assert [one["sequence"] for one in seen] == ["0", "1", "2"]
    assert [one["method"] for one in seen] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [one["status"] for one in seen] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert [one["starts"] for one in seen] == ["2026-12-01T10:00:00+00:00"] + ["2026-12-02T14:00:00+00:00"] * 2
    assert seen[0]["attendees"] == ["mailto:she@example.org"]


@pytest.mark.parametrize("starts", ["2027-03-28 00:30", "2027-03-28 01:00", "2026-10-25 00:30", "2026-10-25 01:30",
                                    "2028-02-29 10:00", "2026-07-01 09:00"])  # fmt: skip
def test_times_are_utc_whatever_the_clocks_do(starts):
    one = appointment(starts, starts[:11] + "03:00" if starts[11:] < "02:00" else starts[:11] + "11:00")
    text = message(one).content.decode()
    assert f"DTSTART:{one.starts_at:%Y%m%dT%H%M%SZ}\r\n" in text
    assert "TZID" not in text
    assert Calendar.from_ical(text).events[0].start == one.starts_at
    assert by_vobject(text.encode())[0]["starts"] == one.starts_at.isoformat()


def test_it_says_nothing_of_health_or_the_study():
    for file in (
        message(appointment()),
        CALENDARS.file(appointment(), title="Appointment", words="To join, sign in.", page="/home"),
        CALENDARS.feed([appointment()], title="Appointment", words="Sign in."),
    ):
        text = file.content.decode().lower()
        assert [word for word in HEALTH if word in text] == []
        assert "postnatal" not in text


def test_lines_are_folded_and_end_as_the_standard_says():
    long = CALENDARS.message(
        appointment(), title="Ä" * 60, words="é, ; \\ \n" * 60, attendee="she@example.org", page="/home"
    ).content
    lines = long.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 75
    assert by_vobject(long)[0]["title"] == "Ä" * 60


def test_a_file_has_its_method_in_the_media_type():
    file = CALENDARS.file(appointment(), title="Appointment", words="-", page="/home")
    assert (file.method, file.media_type) == (Method.PUBLISH, "text/calendar; method=PUBLISH; charset=utf-8")
    assert by_vobject(file.content)[0]["attendees"] == []


def test_download_then_cancel(desk):
    desk.interviewer()
    client, _ = visitor(desk)
    assert client.file("/interview/appointment.ics").status_code == 404
    choose_and_book(client, "2026-11-26T10:00:00+00:00")
    first = client.file("/interview/appointment.ics")
    assert first.headers["Content-Type"] == "text/calendar; method=PUBLISH; charset=utf-8"
    client.submit(client.get("/interview/cancel"), {})
    second = client.file("/interview/appointment.ics")
    assert "method=CANCEL" in second.headers["Content-Type"]
    before, after = by_vobject(first.data)[0], by_vobject(second.data)[0]
    assert before["uid"] == after["uid"]
    assert int(after["sequence"]) > int(before["sequence"])
