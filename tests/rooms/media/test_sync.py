"""Sound and picture in a recording stay together: a page flashes and beeps, and the file must do as the page did.

On a busy machine a page's own sound and picture are apart by up to 0.1 s when they leave it. So the page stamps what it
sends, and a recorded beep and flash are compared with the sent ones: apart by 9 ms at most in six recordings at a load
of 12.
"""

import re
import statistics
import subprocess
from collections.abc import Iterable

import pytest

from tests.support import calls

pytestmark = pytest.mark.browser
TOGETHER = 0.040
"""Seconds by which the recording may put sound and picture apart from how they were sent."""
NEAR = 0.4
"""Seconds within which a recorded flash or beep is the sent one: they come once a second."""


def flashes(path) -> list[float]:
    """When the picture turns white."""
    light = "signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-"
    answer = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(path), "-vf", light, "-fps_mode", "passthrough", "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    times = [float(one) for one in re.findall(r"pts_time:([\d.]+)", answer.stdout)]
    light = [float(one) > 128 for one in re.findall(r"YAVG=([\d.]+)", answer.stdout)]
    return [at for at, now, before in zip(times[1:], light[1:], light, strict=False) if now and not before]


def beeps(path) -> list[float]:
    """When the sound begins."""
    pcm = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(path), "-af", "aresample=async=1:first_pts=0", "-ac", "1", "-ar", "8000",
         "-f", "s16le", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    block = 16  # 2 ms
    samples = memoryview(pcm).cast("h")
    loud = [max(abs(one) for one in samples[at : at + block]) > 2000 for at in range(0, len(samples) - block, block)]
    found, quiet = [], 0
    for number, one in enumerate(loud):
        if one and quiet > 100:
            found.append(number * block / 8000)
        quiet = 0 if one else quiet + 1
    return found


def delays(recorded: list[float], sent: list[float]) -> dict[float, float]:
    """By how many seconds each recorded moment is later than the sent one: sent moment -> delay."""
    return {one: at - one for at in recorded for one in [nearest(at, sent)] if abs(at - one) < NEAR}


def nearest(at: float, moments: Iterable[float]) -> float:
    return min(moments, key=lambda one: abs(one - at))


CHANGED = """async ms => {
  const sender = room.peer.getSenders()[0], { track } = sender
  await sender.replaceTrack(null)
  await new Promise(done => setTimeout(done, ms))
  await sender.replaceTrack(track)
}"""
"""As the room's page does where another microphone is chosen: for a while there is none."""


@pytest.mark.parametrize("without", [0, 300])
def test_a_flash_and_its_beep_are_recorded_together(browser, media_and_gate, pages, tmp_path, without):
    """Also after the microphone was changed, and there was none for so many milliseconds."""
    media, study, gate = media_and_gate
    interviewer = calls.enter(browser, gate, "r1", "i1")
    participant = calls.enter(browser, gate, "r1", "p1", media="flash")
    pages += [interviewer, participant]
    calls.until(interviewer, "s.waiting.length === 1")
    calls.say(interviewer, "admit", person="p1")
    calls.shows(interviewer, 3)
    calls.say(interviewer, "record_start")
    calls.until(interviewer, "s.recording.state === 'running'")
    interviewer.wait_for_timeout(3000)
    if without:
        participant.evaluate(CHANGED, without)
    interviewer.wait_for_timeout(12_000)
    calls.say(interviewer, "end")
    calls.wait_for(lambda: calls.manifest(media, study, "r1")[-1].kind == "ended", interviewer)
    lines = calls.manifest(media, study, "r1")
    track = next(one for one in lines if one.kind == "track" and one.text("file") == "p1-1.webm")
    begins = lines[0].at.timestamp() + track.number_in("ms") / 1000
    path = calls.decrypted(media, study, "r1", tmp_path)["p1-1.webm"]
    sent = participant.evaluate("room.sent()")
    seen = delays([begins + at for at in flashes(path)], sent["flashes"])
    heard = delays([begins + at for at in beeps(path)], sent["beeps"])
    pairs = [(nearest(beep, seen), beep) for beep in heard]
    apart = [seen[flash] - heard[beep] for flash, beep in pairs if abs(flash - beep) < NEAR]
    assert len(apart) >= 9
    assert abs(statistics.median(apart)) < TOGETHER
    assert sorted(abs(one) for one in apart)[len(apart) * 8 // 10] < TOGETHER
