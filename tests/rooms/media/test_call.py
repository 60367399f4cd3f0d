"""A call between two real browsers, forwarded and recorded by a real media process."""

import pytest

from tests.support import calls

pytestmark = pytest.mark.browser


def test_it_works_from_waiting_to_recorded_files(browser, media_and_gate, pages, tmp_path):
    media, study, gate = media_and_gate
    interviewer, participant = calls.both_in(browser, gate, "r1")
    pages += [interviewer, participant]
    calls.record(interviewer, 4)
    assert participant.evaluate("room.snapshot.recording.state") == "stopped"
    heard = [one["code"] for one in participant.evaluate("room.events.filter(one => one.type === 'announcement')")]
    assert heard == ["joined", "recording_started", "recording_stopped"]

    calls.say(interviewer, "end")
    calls.until(participant, "room.state === 'ended'")
    calls.wait_for(lambda: calls.manifest(media, study, "r1")[-1].kind == "ended", interviewer)
    lines = calls.manifest(media, study, "r1")
    for name, path in calls.decrypted(media, study, "r1", tmp_path).items():
        streams = calls.probe(path)
        assert set(streams) == {"vp8", "opus"}, name
        assert (streams["vp8"]["width"], streams["vp8"]["height"]) == (640, 480)
        sound = streams["opus"]["times"]
        assert len(sound) * 0.02 == pytest.approx(sound[-1] - sound[0] + 0.02, abs=0.03)  # as long as it says it is
        assert sound[-1] > 3
        assert sound[-1] == pytest.approx(calls.due_seconds(lines, name), abs=0.2)
        assert abs(streams["vp8"]["times"][0] - sound[0]) < 2.5  # a keyframe is asked for twice a second at most
        calls.decodes(path)
    assert media.log() == ""


def test_it_keeps_nothing_of_a_pause_and_goes_on_in_a_new_part(browser, media_and_gate, pages):
    media, study, gate = media_and_gate
    interviewer, participant = calls.both_in(browser, gate, "r1")
    pages += [interviewer, participant]
    calls.say(interviewer, "record_start")
    calls.until(interviewer, "s.recording.state === 'running'")
    interviewer.wait_for_timeout(1500)
    calls.say(participant, "pause_please")
    calls.until(interviewer, "s.recording.state === 'paused' && s.recording.paused_by === 'p1'")
    interviewer.wait_for_timeout(1000)
    calls.say(interviewer, "record_resume")
    calls.until(participant, "s.recording.state === 'running'")
    interviewer.wait_for_timeout(1500)
    calls.say(participant, "stop_recording")
    calls.until(interviewer, "s.recording.state === 'stopped'")
    calls.say(interviewer, "end")
    calls.wait_for(lambda: calls.manifest(media, study, "r1")[-1].kind == "ended", interviewer)

    lines = calls.manifest(media, study, "r1")
    pause, resume = (next(one for one in lines if one.kind == kind).number_in("ms") for kind in ("pause", "resume"))
    parts = {one.text("file"): one.number_in("ms") for one in lines if one.kind == "track"}
    lengths = {one.text("file"): one.number_in("ms") for one in lines if one.kind == "closed"}
    assert set(parts) == {"i1-1.webm", "i1-2.webm", "p1-1.webm", "p1-2.webm"}
    for person in ("i1", "p1"):
        assert parts[f"{person}-1.webm"] + lengths[f"{person}-1.webm"] <= pause + 20
        assert parts[f"{person}-2.webm"] >= resume


def test_it_records_nobody_before_every_page_has_shown_the_notice(browser, media_and_gate, pages):
    media, study, gate = media_and_gate
    interviewer, participant = calls.both_in(browser, gate, "r1")
    pages += [interviewer, participant]
    participant.evaluate("room.told = false")
    calls.say(interviewer, "record_start")
    calls.until(interviewer, "s.recording.state === 'starting'")
    calls.until(interviewer, "room.events.some(one => one.code === 'recording_failed' && one.why === 'not_told')")
    assert interviewer.evaluate("room.snapshot.recording.state") == "off"
    assert not (media.instance / "vault" / study.recordings["r1"]).exists()


def test_it_records_only_who_consented(browser, media_and_gate, pages):
    media, study, gate = media_and_gate
    gate.changes["p1"] = {"recording_consent": None}
    interviewer, participant = calls.both_in(browser, gate, "r1")
    pages += [interviewer, participant]
    calls.record(interviewer, 2)
    assert [one["may_be_recorded"] for one in interviewer.evaluate("room.snapshot.people")] == [True, False]
    calls.say(interviewer, "end")
    calls.wait_for(lambda: calls.manifest(media, study, "r1")[-1].kind == "ended", interviewer)
    assert {one.text("track") for one in calls.manifest(media, study, "r1") if one.kind == "track"} == {"i1"}


def test_withdrawal_in_the_call_stops_and_discards(browser, media_and_gate, pages):
    media, study, gate = media_and_gate
    interviewer, participant = calls.both_in(browser, gate, "r1")
    pages += [interviewer, participant]
    calls.say(interviewer, "record_start")
    calls.until(interviewer, "s.recording.state === 'running'")
    folder = media.instance / "vault" / study.recordings["r1"]
    calls.wait_for((folder / "p1-1.webm.age").exists, interviewer)
    assert media.request("POST", "/rooms/r1/withdraw", {"person": "p1"})[0] == 200
    calls.until(interviewer, "s.recording.state === 'stopped'")
    calls.wait_for(lambda: calls.manifest(media, study, "r1")[-1].kind == "discarded", interviewer)
    calls.wait_for(lambda: not list(folder.glob("p1-*")), interviewer)
    calls.say(interviewer, "record_start", id=9)
    calls.until(interviewer, "room.events.some(one => one.type === 'refused' && one.code === 'consent_withdrawn')")


def test_a_killed_process_comes_back_and_the_recording_goes_on(browser, media_and_gate, pages, tmp_path):
    media, study, gate = media_and_gate
    interviewer, participant = calls.both_in(browser, gate, "r1")
    pages += [interviewer, participant]
    calls.say(interviewer, "record_start")
    calls.until(interviewer, "s.recording.state === 'running'")
    told = "room.events.filter(one => one.type === 'recording').map(one => one.written)"
    calls.until(interviewer, f"{told}.at(-1) > 2")
    durable = interviewer.evaluate(f"{told}.at(-1)")
    media.kill()
    media.start()
    for page in (interviewer, participant):
        calls.until(page, "room.joins > 1 && s.people.length === 2 && s.recording.state === 'running'")
    interviewer.wait_for_timeout(2000)
    calls.say(interviewer, "end")
    calls.wait_for(lambda: calls.manifest(media, study, "r1")[-1].kind == "ended", interviewer)
    lines = calls.manifest(media, study, "r1")
    assert {one.text("file") for one in lines if one.kind == "recovered"} == {"i1-1.webm", "p1-1.webm"}
    assert {one.text("file") for one in lines if one.kind == "closed"} == {"i1-2.webm", "p1-2.webm"}
    starts = {one.text("file"): one.number_in("ms") for one in lines if one.kind == "track"}
    for name, path in calls.decrypted(media, study, "r1", tmp_path).items():
        cut = name.endswith("-1.webm")
        streams = calls.probe(path, cut=cut)
        if cut:  # what the page was told is there, and the clock ran on
            last = max(streams["opus"]["times"][-1], streams["vp8"]["times"][-1])
            assert starts[name] / 1000 + last + 0.04 >= durable
            assert starts[name.replace("-1.", "-2.")] > durable * 1000
        calls.decodes(path, cut=cut)
