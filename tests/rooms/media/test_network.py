"""Bad networks between real browsers and the media process."""

import re
import time

import pytest

from tests.support import calls
from tests.support.badlink import GOOD, BadLink, Conditions

pytestmark = [pytest.mark.browser, pytest.mark.faults]


@pytest.fixture
def bad(media_and_gate):
    """The same three, and the link that each person's media takes."""
    media, study, gate = media_and_gate
    links: dict[str, BadLink] = {}

    def through(person: str, answer: str) -> str:
        found = re.search(r"a=candidate:\S+ 1 udp \d+ \S+ (\d+) typ host", answer)
        assert found
        if person not in links:
            links[person] = BadLink(int(found[1]))
        return answer.replace(f" {found[1]} typ host", f" {links[person].port} typ host")

    gate.changed_answer = through
    yield media, study, gate, links
    for link in links.values():
        link.close()


def set_all(links, conditions):
    for link in links.values():
        link.conditions = conditions


def frames(page) -> int:
    return page.evaluate("room.frames(0)")


def ended(media, study, room, page):
    calls.say(page, "end")
    calls.wait_for(lambda: calls.manifest(media, study, room)[-1].kind == "ended", page)
    return calls.manifest(media, study, room)


def test_loss_and_jitter_leave_a_call_and_a_whole_recording(browser, bad, pages, tmp_path):
    media, study, gate, links = bad
    interviewer, participant = calls.both_in(browser, gate, "r1")
    pages += [interviewer, participant]
    set_all(links, Conditions(loss=0.04, delay=0.03, jitter=0.015))
    before = frames(participant)
    calls.record(interviewer, 6)
    assert frames(participant) > before + 30
    set_all(links, GOOD)
    lines = ended(media, study, "r1", interviewer)
    sent = sum(one.number_in("packets") for one in lines if one.kind == "loss" and one.text("media") == "video")
    assert sent < 30  # of several hundred that were lost: asked for again, and come
    for name, path in calls.decrypted(media, study, "r1", tmp_path).items():
        streams = calls.probe(path)
        sound = streams["opus"]["times"]
        assert len(sound) * 0.02 == pytest.approx(sound[-1] - sound[0] + 0.02, abs=0.05)
        assert sound[-1] > 5
        assert sound[-1] == pytest.approx(calls.due_seconds(lines, name), abs=0.2)
        assert len(streams["vp8"]["times"]) > 40
        calls.decodes(path)


def test_sound_that_was_lost_on_its_way_is_in_the_recording(browser, bad, pages):
    """A twentieth of what is sent to us is lost; without asking again so much of the sound would be silence."""
    media, study, gate, links = bad
    interviewer, participant = calls.both_in(browser, gate, "r1")
    pages += [interviewer, participant]
    set_all(links, Conditions(up=0.05, delay=0.03, jitter=0.01))
    calls.record(interviewer, 15)
    set_all(links, GOOD)
    lines = ended(media, study, "r1", interviewer)
    missing = sum(one.number_in("packets") for one in lines if one.kind == "loss" and one.text("media") == "audio")
    assert missing < 15  # of some 75 lost of 1500
    sent = (
        "[...(await room.peer.getStats()).values()].filter(one => one.kind === 'audio' && one.type === 'outbound-rtp')"
    )
    again = f"async () => {sent}.reduce((sum, one) => sum + one.retransmittedPacketsSent, 0)"
    for page in (interviewer, participant):
        assert page.evaluate(again) > 10


def test_a_call_comes_back_with_the_network_and_goes_on_in_the_same_file(browser, bad, pages, tmp_path):
    media, study, gate, links = bad
    interviewer, participant = calls.both_in(browser, gate, "r1")
    pages += [interviewer, participant]
    calls.say(interviewer, "record_start")
    calls.until(interviewer, "s.recording.state === 'running'")
    interviewer.wait_for_timeout(2000)
    set_all(links, Conditions(loss=1))
    gate.away = True
    interviewer.wait_for_timeout(10_000)
    had = [frames(page) for page in (interviewer, participant)]
    set_all(links, GOOD)
    gate.away = False
    for page, before in zip((interviewer, participant), had, strict=True):
        seen = f"await room.frames(0) > {before + 3}"
        page.wait_for_function(f"async () => room.state === 'open' && {seen}", timeout=calls.PATIENCE * 1000)
    calls.until(interviewer, "s.recording.state === 'running' && s.people.every(one => one.recorded)")
    interviewer.wait_for_timeout(2500)
    ended(media, study, "r1", interviewer)
    files = calls.decrypted(media, study, "r1", tmp_path)
    assert set(files) == {"i1-1.webm", "p1-1.webm"}  # one file each, the outage in it as silence
    for path in files.values():
        sound = calls.probe(path)["opus"]["times"]
        assert sound[-1] > 13
        assert len(sound) * 0.02 == pytest.approx(sound[-1] - sound[0] + 0.02, abs=0.05)
        calls.decodes(path)


def test_another_port_of_the_router_is_followed_on_the_same_connection(browser, bad, pages):
    media, study, gate, links = bad
    interviewer, participant = calls.both_in(browser, gate, "r1")
    pages += [interviewer, participant]
    calls.say(interviewer, "record_start")
    calls.until(interviewer, "s.recording.state === 'running'")
    calls.until(interviewer, "s.people.every(one => one.recorded)")
    interviewer.wait_for_timeout(3000)  # sound and picture have begun together, so that a part once begun stays one
    links["p1"].move()
    for page in (interviewer, participant):
        page.wait_for_function(f"async () => await room.frames(0) > {frames(page) + 40}", timeout=calls.PATIENCE * 1000)
    interviewer.wait_for_timeout(1500)
    lines = ended(media, study, "r1", interviewer)
    assert {one.text("file") for one in lines if one.kind == "closed"} == {"i1-1.webm", "p1-1.webm"}
    assert "lost" not in [one["event"] for one in media.journal("r1")]


def sound_goes_on(page, seconds):
    """Wait until the other's sound comes through nearly whole for so long at a stretch."""
    whole_since, until = None, time.monotonic() + 75
    before = page.evaluate("room.heardAudio(0)")
    while whole_since is None or time.monotonic() - whole_since < seconds:
        assert time.monotonic() < until, f"the sound never came for {seconds} s on end"
        page.wait_for_timeout(1000)
        now = page.evaluate("room.heardAudio(0)")
        came, lost = (now[what] - before[what] for what in ("packets", "lost"))
        whole = came > 10 * max(0, lost) and came > 20 and now["energy"] > before["energy"]
        whole_since = (whole_since or time.monotonic()) if whole else None
        before = now


def test_sound_goes_on_where_the_network_cannot_take_a_picture(browser, bad, pages):
    """Sound takes some 45 kbit/s; what is left is less than half of the least picture that is asked for.

    When which picture is held hangs on the browsers' estimates (`test_streams.py`); that sound goes on does not.
    """
    _media, _study, gate, links = bad
    interviewer, participant = calls.both_in(browser, gate, "r1")
    pages += [interviewer, participant]
    links["p1"].conditions = Conditions(bits=110_000, delay=0.02)
    for page in (participant, interviewer):
        sound_goes_on(page, 6)
    set_all(links, GOOD)
    for page in (interviewer, participant):
        page.wait_for_function(f"async () => await room.frames(0) > {frames(page) + 40}", timeout=90_000)
