"""A wish to stop that the web process brings, since the call's own connection may be lost."""

import time

import pytest

from tests.support import calls
from tests.support.rooms import PATIENCE

pytestmark = pytest.mark.browser

WISH = {"person": "p1", "role": "participant", "wish": "her-wish-1", "ago": 0}
STOPPED = "(s.stopped ?? []).map(one => [one.person, one.wish, one.kept].join()).join(' ')"


def noted(media, *wishes):
    """Wait until the journal, which is written in a thread of its own, has these wishes and no others."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = [one["wish"] for one in media.journal("r1") if one["event"] == "need_to_stop"]
        if found == list(wishes):
            return
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_she_is_out_the_recording_pauses_and_who_runs_the_room_knows_until_she_is_back(browser, media_and_gate, pages):
    media, _, gate = media_and_gate
    interviewer, participant = calls.both_in(browser, gate, "r1")
    pages += [interviewer, participant]
    calls.say(interviewer, "record_start")
    calls.until(interviewer, "s.recording.state === 'running'")
    for _ in range(2):
        assert media.request("POST", "/rooms/r1/stop", WISH) == (200, {})
    calls.until(interviewer, f"s.recording.state === 'paused' && {STOPPED} === 'p1,her-wish-1,true'")
    calls.until(participant, "room.state === 'ended' && room.events.at(-1).reason === 'stopped'")
    assert participant.evaluate("(room.snapshot.stopped ?? []).length") == 0
    noted(media, "her-wish-1")

    media.kill()
    media.start()
    calls.until(interviewer, f"room.joins > 1 && {STOPPED} === 'p1,her-wish-1,true' && s.recording.state === 'paused'")
    assert media.request("POST", "/rooms/r1/stop", WISH) == (200, {})
    pages.append(calls.enter(browser, gate, "r1", "p1"))
    calls.until(interviewer, "s.people.length === 2 && s.stopped.length === 0")
    assert media.request("POST", "/rooms/r1/stop", {**WISH, "wish": "said-before-she-came-back", "ago": 3600}) == (
        200,
        {},
    )
    interviewer.wait_for_timeout(500)
    assert interviewer.evaluate("room.snapshot.people.length") == 2
    noted(media, "her-wish-1", "said-before-she-came-back")


def test_said_both_ways_it_is_one(browser, media_and_gate, pages):
    media, _, gate = media_and_gate
    interviewer, participant = calls.both_in(browser, gate, "r1")
    pages += [interviewer, participant]
    participant.evaluate("room.say({ type: 'need_to_stop', id: 'her-wish-1' })")
    calls.until(interviewer, f"{STOPPED} === 'p1,her-wish-1,false'")
    assert media.request("POST", "/rooms/r1/stop", WISH) == (200, {})
    calls.until(interviewer, f"{STOPPED} === 'p1,her-wish-1,true'")
    noted(media, "her-wish-1")
    codes = interviewer.evaluate("room.events.filter(one => one.type === 'announcement').map(one => one.code)")
    assert codes.count("need_to_stop") == 1


def test_it_is_kept_for_a_room_that_nobody_is_in(browser, media_and_gate, pages):
    media, _, gate = media_and_gate
    for _ in range(2):
        assert media.request("POST", "/rooms/r1/stop", WISH) == (200, {})
    pages.append(calls.enter(browser, gate, "r1", "i1"))
    calls.until(pages[0], f"{STOPPED} === 'p1,her-wish-1,true'")
    noted(media, "her-wish-1")


@pytest.mark.parametrize(
    "change",
    [{"person": 7}, {"person": ""}, {"role": None}, {"wish": "x" * 65}, {"ago": -1}, {"ago": True}, {"ago": "1"}],
    ids=repr,
)
def test_what_is_no_wish_is_refused(media_and_gate, change):
    media, *_ = media_and_gate
    assert media.request("POST", "/rooms/r1/stop", {**WISH, **change}) == (400, {"error": "bad_request"})
    noted(media)
