"""The button "I need to stop now" in a real browser, whatever has become of the connection."""

import os
import signal
from contextlib import contextmanager

import pytest

from portal.rooms.catalogue import RoomCatalogue
from portal.rooms.domain import GuestRole
from portal.rooms.guests import GuestList
from portal.rooms.stops import Stops
from tests.e2e.interviews import PHONE, Caller, media_process, until
from tests.support.browsers import PATIENCE_MS

pytestmark = pytest.mark.browser
TOLD = "We have told the team that you have stopped."
NOT_TOLD = "We could not tell the team yet that you have stopped"
KEPT = "Object.keys(sessionStorage)"
CUT_OFF = """() => {
  const ask = fetch;
  window.away = true;
  const cut = (to) => away && String(to).endsWith("/stop");
  window.fetch = (to, ...more) => (cut(to) ? Promise.reject(new TypeError("away")) : ask(to, ...more));
}"""
"""The wish finds no way. (What outlives its page cannot be held up from outside.)"""
EXIT = f"() => {{ document.querySelector('[data-exit]').click(); return [{KEPT}, document.body.innerText]; }}"


@pytest.fixture
def heard(place):
    """How the portal's own record has it."""
    return lambda room: place.services.get(Stops).of([room.id]).get(room.id, [])


@contextmanager
def media_away(place, staff):
    """Nothing of media, as if the network between it and everybody were away."""
    media = media_process(place.server)
    os.kill(media, signal.SIGSTOP)
    try:
        staff.wait_said("status", "The connection is lost.")
        yield
    finally:
        os.kill(media, signal.SIGCONT)


def press(she):
    """She presses, and her page is there before anything is asked of the network."""
    she.page.evaluate("document.querySelector('[data-act=need_to_stop]').click()")
    assert she.page.get_by_role("heading", name="You have stopped. That is all right.").is_visible()
    assert she.page.url.endswith("/room/over/stopped")
    assert she.page.locator("#room").is_hidden()
    assert she.page.evaluate("document.activeElement.tagName") == "H1"
    assert she.page.title().startswith("Thank you")


def status(she, text):
    she.page.locator("[data-wish]", has_text=text).wait_for(timeout=PATIENCE_MS)


def test_while_she_is_connected(place, caller, heard):
    with place.call(caller) as (she, staff, room):
        staff.act("record")
        she.wait_said("recording", "Recording")
        press(she)
        status(she, TOLD)
        staff.wait_said("note", "had to stop.")
        staff.page.locator("#room-stops", has_text="participant asked to stop at").wait_for()
        staff.wait_said("recording", "Recording paused. Nothing is kept now.")
        staff.check("asked to stop")
        she.check("stopped")
        until(lambda: [one.seen for one in heard(room)] == [True])
        assert she.page.evaluate(KEPT) == []
        until(lambda: "need_to_stop" in [one.kind for one in place.services.get(RoomCatalogue).events(room.id)])
        kinds = [one.kind for one in place.services.get(RoomCatalogue).events(room.id)]
        assert kinds.count("need_to_stop") == 1
        she.page.reload()
        status(she, TOLD)
        she.page.get_by_role("link", name="Go back to the call").click()
        she.page.get_by_role("button", name="Go to the waiting room").click()
        she.wait_said("status", "You are in the call.")
        staff.page.locator("#room-stops").wait_for(state="hidden")


def test_while_the_call_is_lost_and_the_portal_is_there(place, caller, heard):
    with place.call(caller) as (she, staff, room):
        with media_away(place, staff):
            she.wait_said("status", "The connection is lost.")
            press(she)
            status(she, TOLD)
            assert len(heard(room)) == 1
        staff.wait_said("status", "You are in the room.")
        staff.page.locator("#room-stops", has_text="asked to stop at").wait_for()
        until(lambda: [one.seen for one in heard(room)] == [True])
        assert she.problems == []


def test_while_media_is_killed_and_her_network_is_away(place, caller, heard):
    with place.call(caller) as (she, staff, room):
        staff.act("record")
        she.wait_said("recording", "Recording")
        she.context.set_offline(True)
        os.kill(media_process(place.server), signal.SIGKILL)
        press(she)
        status(she, NOT_TOLD)
        assert she.page.get_by_text("You can ring the study team:").is_visible()
        she.check("not told")
        assert heard(room) == []
        staff.wait_was_said("The connection is lost.")
        staff.wait_said("status", "You are in the room.")
        she.page.wait_for_timeout(1500)
        she.context.set_offline(False)
        status(she, TOLD)
        staff.page.locator("#room-stops", has_text="asked to stop at").wait_for()
        staff.wait_said("recording", "Recording paused. Nothing is kept now.")
        assert len(heard(room)) == 1
        assert she.page.evaluate(KEPT) == []
        assert she.problems == []


def test_the_next_page_of_the_tab_says_it(place, caller, heard):
    """She goes on before it could be said."""
    with place.call(caller) as (she, staff, room):
        with media_away(place, staff):
            she.page.evaluate(CUT_OFF)
            press(she)
            status(she, NOT_TOLD)
            assert she.page.evaluate(KEPT) == ["app:wish"]
            she.page.goto(f"{she.base}/home")
            until(lambda: len(heard(room)) == 1)
            she.page.wait_for_function(f"{KEPT}.length === 0")
        staff.page.locator("#room-stops", has_text="asked to stop at").wait_for()


def test_what_the_room_alone_has_heard_reaches_the_portal_too(place, caller, heard):
    """Nobody of the team need be in the room: then only the portal can tell them."""
    with place.call(caller) as (she, _, room):
        she.page.evaluate(CUT_OFF)
        press(she)
        status(she, TOLD)
        assert heard(room) == []
        she.page.goto(f"{she.base}/home")
        until(lambda: len(heard(room)) == 1)
        she.page.wait_for_function(f"{KEPT}.length === 0")


def test_exit_forgets_it_and_says_it_once_more(place, caller, heard):
    with place.call(caller) as (she, staff, room), media_away(place, staff):
        she.page.evaluate(CUT_OFF)
        press(she)
        status(she, NOT_TOLD)
        held = []
        she.page.route("**/exit", lambda route: held.append(route))  # noqa: PLW0108 - a built-in cannot be marked
        she.page.evaluate("away = false")
        assert she.page.evaluate(EXIT) == [[], ""]
        until(lambda: len(heard(room)) == 1)
        for one in held:
            one.abort()  # or the browser would sometimes wait for it for ever when it is closed


def test_a_guest_in_the_waiting_room(place, caller, heard):
    with place.call(caller) as (_, staff, room):
        token = place.services.get(GuestList).invite(room, GuestRole.SUPPORTER, staff_id=place.staff_id)
        context = caller.new_context(viewport=PHONE, bypass_csp=True)
        guest = Caller(context, place.server.url)
        guest.page.goto(f"{guest.base}/guest/{token}")
        guest.page.get_by_role("button", name="Continue").click()
        guest.page.get_by_role("button", name="Go to the waiting room").click()
        guest.wait_said("status", "You are in the waiting room.")
        guest.act("need_to_stop")
        guest.page.get_by_role("heading", name="You have stopped.").wait_for()
        status(guest, TOLD)
        guest.check("guest stopped")
        staff.page.locator("#room-stops", has_text="Supporter asked to stop at").wait_for()
        assert [one.person[0] for one in heard(room)] == ["g"]
        context.close()
