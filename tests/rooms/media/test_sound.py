"""Sound in a file: without holes, nothing twice, and never too late for its picture."""

import itertools

import pytest

from portal.rooms.media import webm
from portal.rooms.media.sound import Sound
from tests.rooms.media.test_part import SOUND


@pytest.mark.parametrize("late", [3, 17, 27, 39, 41, 200])
def test_sound_that_comes_when_silence_stands_there_never_goes_back(late):
    sound = Sound(0, lambda start, end: None)
    written = sound.whole([], 200 + late)
    written += sound.whole([webm.Frame(200 + at, webm.AUDIO, key=True, data=SOUND) for at in range(7, 400, 20)], 600)
    times = [frame.ms for frame in written]
    assert all(before < after for before, after in itertools.pairwise(times)), times
    assert len(written) * 20 == pytest.approx(600, abs=60)


@pytest.mark.parametrize(
    ("toc", "ms"), [(b"\x78", 20), (b"\x00", 10), (b"\x19", 120), (b"\x83\x04", 10), (b"\x03\x3f", 0), (b"", 0)]
)
def test_the_length_of_an_opus_packet_is_read_from_its_first_byte(toc, ms):
    assert webm.opus_ms(toc) == ms


def test_long_frames_that_run_too_fast_are_played_no_more_than_40_ms_late():
    long = bytes([3 << 3]) + bytes(40)
    frames = [webm.Frame(round(number * 59.7), webm.AUDIO, True, long) for number in range(1_000)]
    whole = Sound(0, lambda *_: None).whole(frames, frames[-1].ms)
    due = itertools.accumulate((webm.opus_ms(one.data) for one in whole), initial=0.0)
    assert max(played - frame.ms for played, frame in zip(due, whole, strict=False)) <= 40


def test_sound_that_runs_too_fast_is_played_no_more_than_a_frame_late():
    frames = [webm.Frame(round(number * 19.9), webm.AUDIO, True, SOUND) for number in range(3_000)]
    whole = Sound(0, lambda *_: None).whole(frames, frames[-1].ms)
    assert len(whole) == pytest.approx(3_000 * 19.9 / 20, abs=2)
    assert max(at * 20 - frame.ms for at, frame in enumerate(whole)) <= 20
