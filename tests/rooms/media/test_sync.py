"""Sound and picture in a recording stay together: a page flashes and beeps at once, and the file must do the same."""

import re
import statistics
import subprocess

import pytest

from tests.support import calls

pytestmark = pytest.mark.browser
TOGETHER = 0.040
"""Seconds by which sound and picture may be apart.

Much of it may be the page's own: in the browser's own recorder of the same stream, the beep comes 28 to 46 ms after the
flash, from one run to the next, whether or not its processor is loaded; in our file it comes from 6 ms before to 53 ms
after it (four runs on one processor). So a crowded machine can pass the limit without a fault of the recording's clock.
"""


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


def test_a_flash_and_its_beep_are_recorded_together(browser, media_and_gate, pages, tmp_path):
    media, study, gate = media_and_gate
    interviewer = calls.enter(browser, gate, "r1", "i1")
    participant = calls.enter(browser, gate, "r1", "p1", media="flash")
    pages += [interviewer, participant]
    calls.until(interviewer, "s.waiting.length === 1")
    calls.say(interviewer, "admit", person="p1")
    calls.shows(interviewer, 3)
    calls.record(interviewer, 12)
    calls.say(interviewer, "end")
    calls.wait_for(lambda: calls.manifest(media, study, "r1")[-1].kind == "ended", interviewer)
    path = calls.decrypted(media, study, "r1", tmp_path)["p1-1.webm"]
    seen, heard = flashes(path), beeps(path)
    assert len(seen) >= 9
    apart = [
        min(seen, key=lambda one, at=at: abs(one - at)) - at for at in heard if seen[0] - 0.3 < at < seen[-1] + 0.3
    ]
    assert len(apart) >= 9
    assert abs(statistics.median(apart)) < TOGETHER
    assert sorted(abs(one) for one in apart)[len(apart) * 8 // 10] < TOGETHER
