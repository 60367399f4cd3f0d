"""Bad networks between real browsers and the media process."""

import re
import time

import pytest

from tests.support import calls
from tests.support.badlink import GOOD, BadLink, Conditions

pytestmark = [pytest.mark.browser, pytest.mark.faults]


@pytest.fixture
def bad(media_and_gate):
    """The same three, and a link that every browser's media takes."""
    media, study, gate = media_and_gate
    links: list[BadLink] = []

    def through(answer: str) -> str:
        found = re.search(r"a=candidate:\S+ 1 udp \d+ \S+ (\d+) typ host", answer)
        assert found
        if not links:
            links.append(BadLink(int(found[1])))
        return answer.replace(f" {found[1]} typ host", f" {links[0].port} typ host")

    gate.changed_answer = through
    yield media, study, gate, links
    for link in links:
        link.close()


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
    links[0].conditions = Conditions(loss=0.04, delay=0.03, jitter=0.015)
    before = frames(participant)
    calls.record(interviewer, 6)
    assert frames(participant) > before + 30
    links[0].conditions = GOOD
    lines = ended(media, study, "r1", interviewer)
    sent = sum(one.number_in("packets") for one in lines if one.kind == "loss" and one.text("media") == "video")
    assert sent < 30  # of several hundred that were lost: asked for again, and come
    for path in calls.decrypted(media, study, "r1", tmp_path).values():
        streams = calls.probe(path)
        sound = streams["opus"]["times"]
        assert len(sound) * 0.02 == pytest.approx(sound[-1] - sound[0] + 0.02, abs=0.05)
        assert sound[-1] == pytest.approx(6, abs=1)
        assert len(streams["vp8"]["times"]) > 40
        calls.decodes(path)


def test_a_call_is_back_within_five_seconds_of_the_network(browser, bad, pages, tmp_path):
    media, study, gate, links = bad
    interviewer, participant = calls.both_in(browser, gate, "r1")
    pages += [interviewer, participant]
    calls.say(interviewer, "record_start")
    calls.until(interviewer, "s.recording.state === 'running'")
    interviewer.wait_for_timeout(2000)
    links[0].conditions, gate.away = Conditions(loss=1), True
    interviewer.wait_for_timeout(10_000)
    had = [frames(page) for page in (interviewer, participant)]
    links[0].conditions, gate.away = GOOD, False
    back = time.monotonic()
    for page, before in zip((interviewer, participant), had, strict=True):
        seen = f"await room.frames(0) > {before + 3}"
        page.wait_for_function(f"async () => room.state === 'open' && {seen}", timeout=15_000)
    took = time.monotonic() - back
    calls.until(interviewer, "s.recording.state === 'running' && s.people.every(one => one.recorded)")
    interviewer.wait_for_timeout(2500)
    ended(media, study, "r1", interviewer)
    assert took < 5, f"it took {took:.1f} s"
    files = calls.decrypted(media, study, "r1", tmp_path)
    assert set(files) == {"i1-1.webm", "p1-1.webm"}  # one file each, the outage in it as silence
    for path in files.values():
        sound = calls.probe(path)["opus"]["times"]
        assert sound[-1] > 13
        assert len(sound) * 0.02 == pytest.approx(sound[-1] - sound[0] + 0.02, abs=0.05)
        calls.decodes(path)


@pytest.mark.unsteady
def test_sound_goes_on_where_the_network_cannot_take_a_picture(browser, bad, pages):
    _media, _study, gate, links = bad
    interviewer, participant = calls.both_in(browser, gate, "r1")
    pages += [interviewer, participant]
    links[0].conditions = Conditions(bits=260_000, delay=0.02)  # for both people, both ways: no room for two pictures
    calls.until(participant, "room.events.some(one => one.code === 'video_held')", seconds=30)
    heard = participant.evaluate("room.heardAudio(0)")
    participant.wait_for_timeout(4000)
    later = participant.evaluate("room.heardAudio(0)")
    assert later["packets"] - heard["packets"] > 140  # of 200
    assert later["energy"] > heard["energy"]
