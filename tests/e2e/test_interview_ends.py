"""How calls end for who is still in them, and lines to who waits, in real browsers and through the real worker."""

import os
import re
import signal
from datetime import timedelta

import pytest

from portal.clock import now
from portal.db.engine import Database
from portal.rooms.domain import GuestRole
from portal.rooms.guests import GuestList
from portal.rooms.store import RoomRow
from tests.e2e.faults import standing_still
from tests.e2e.interviews import PHONE, Caller, media_process
from tests.support.browsers import ALLOWED, CAMERA, CHROMIUM

pytestmark = pytest.mark.browser


@pytest.fixture
def waiting(place, caller):
    """She waits, and the researcher is in the room."""
    room = place.room()
    with place.caller(caller, "participant") as she, place.caller(caller, "researcher") as staff:
        she.page.goto(f"{she.base}/room/call")
        staff.page.goto(f"{staff.base}/workspace/interviews/{room.code}")
        she.wait_said("status", "You are in the waiting room. The researcher will let you in.")
        staff.page.locator('[data-do="admit"]').wait_for()
        yield she, staff, room


def test_when_the_hours_are_over_who_waits_and_who_is_waited_for_are_told(place, caller, waiting):
    she, staff, room = waiting
    token = place.services.get(GuestList).invite(room, GuestRole.SUPPORTER, staff_id=place.staff_id)
    context = caller.new_context(viewport=PHONE, bypass_csp=True)
    guest = Caller(context, place.server.url)
    guest.page.goto(f"{place.server.url}/guest/{token}")
    guest.page.get_by_role("button", name="Continue").click()
    guest.page.goto(f"{place.server.url}/guest-room")
    staff.page.locator('[data-do="admit"]').nth(1).wait_for()
    hours_are_over(place, room)
    she.page.wait_for_url("**/room/over/hours")
    she.page.get_by_text("If you waited for us, we are sorry. You did nothing wrong.").wait_for()
    she.check("hours over")
    staff.page.wait_for_url("**/closed/hours")
    staff.page.get_by_text("Its hours are over and nobody was talking in it.").wait_for()
    staff.check("room closed")
    guest.page.wait_for_url("**/guest-over/not_held")
    guest.check("guest, hours over")
    context.close()


def test_a_call_goes_on_over_its_hours_and_comes_back_after_a_break(place, caller):
    with place.call(caller) as (she, staff, room):
        hours_are_over(place, room)
        she.page.wait_for_timeout(5000)  # the worker looks every two seconds
        she.page.reload()
        she.wait_said("status", "You are in the call.")
        she.sees_moving()
        staff.act("end")
        staff.act("end")
        she.page.wait_for_url("**/room/over/ended")
        staff.page.wait_for_url("**/outcome")


def test_who_is_ended_by_a_mark_reads_kind_words_that_fit(place, caller):
    with place.call(caller) as (she, staff, room):
        mark = staff.context.new_page()
        mark.goto(f"{staff.base}/workspace/interviews/{room.code}/outcome")
        mark.get_by_label("It was broken off").check()
        mark.get_by_label("Reason").fill("The child woke up")
        mark.get_by_role("button", name="Keep").click()
        she.page.wait_for_url("**/room/over/ended_early")
        she.page.get_by_role("heading", name="The call has ended early. That is all right.").wait_for()
        she.check("ended early")
        assert "woke" not in she.page.inner_text("body")
        she.page.get_by_role("link", name="Choose another time").click()
        she.page.wait_for_url("**/interview")
        staff.page.wait_for_url("**/closed/ended_early")
        staff.check("closed by a mark")


def test_a_phone_that_was_away_as_the_room_ended_learns_why(place, waiting):
    she, staff, room = waiting
    she.page.route("**/join", lambda route: route.abort())
    she.page.reload()
    she.wait_said("status", "The connection is lost.")
    hours_are_over(place, room)
    staff.page.wait_for_url("**/closed/hours")
    she.page.unroute("**/join")
    she.page.wait_for_url("**/room/over/hours")


def test_the_researcher_reads_whether_a_line_is_on_the_page_of_who_waits(waiting):
    she, staff, _ = waiting
    staff.page.get_by_label("A line to everybody who waits").fill("I am with you in a minute")
    staff.page.get_by_role("button", name="Send").click()
    she.page.get_by_text("I am with you in a minute").wait_for()
    staff.page.get_by_text("Your line is on their page.").wait_for()
    staff.wait_said("note", "Your line is on the page of")
    staff.check("line shown")
    assert staff.page.locator("#room-message").input_value() == ""


def test_a_line_to_a_locked_phone_outlives_a_crash_of_the_call_service(place, caller, playwright):
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    hers = playwright.chromium.launch(executable_path=CHROMIUM, args=[*root, *CAMERA, ALLOWED])
    room, line = place.room(), "I am with you in a minute"
    with place.caller(hers, "participant") as she, place.caller(caller, "researcher") as staff:
        she.page.goto(f"{she.base}/room/call")
        staff.page.goto(f"{staff.base}/workspace/interviews/{room.code}")
        staff.page.locator('[data-do="admit"]').wait_for()
        she.wait_said("status", "You are in the waiting room.")
        with standing_still(hers):
            staff.page.get_by_label("A line to everybody who waits").fill(line)
            staff.page.get_by_role("button", name="Send").click()
            staff.page.get_by_text("Your line is not on their page yet.").wait_for()
            os.kill(media_process(place.server), signal.SIGKILL)
            staff.wait_was_said("The connection is lost.")
            staff.page.locator("#room-queue-empty").wait_for()  # nobody waits in the next process yet
        she.page.get_by_text(line).wait_for()
        staff.page.get_by_text("Your line is on their page.").wait_for()
        assert she.page.locator("#room-messages li").all_inner_texts() == [line]
        staff.page.locator('[data-do="admit"]').click()
        she.wait_said("status", "You are in the call.")
        assert (she.problems, staff.problems) == ([], [])
    hers.close()


def test_the_longest_time_goes_by_the_room_s_clock_also_on_a_page_that_is_loaded_anew(place, caller):
    with place.call(caller) as (_, staff, room):
        staff.page.wait_for_timeout(20_000)
        staff.page.route(f"**/interviews/{room.code}", shorter)
        staff.page.reload()
        staff.wait_said("status", "You are in the call.")
        staff.wait_said("note", "The longest time of an interview is over.", seconds=8)


def shorter(route):
    """The researcher's page of a study whose interviews take twenty seconds."""
    answer = route.fetch()
    body = re.sub(r'data-longest-minutes="\d+"', f'data-longest-minutes="{20 / 60}"', answer.text())
    route.fulfill(response=answer, body=body)


def hours_are_over(place, room):
    with place.services.get(Database).transaction() as session:
        row = session.get_one(RoomRow, room.id)
        row.closes_at = now() - timedelta(seconds=1)
