"""What becomes of sound and pictures that come seconds late, over relays that stand still and over full queues, whose
source jumps in time, or of which many are missing.
"""

import math
import random

import pytest

from portal.rooms.media import webm
from portal.rooms.media.frames import Lost, Reorder
from portal.rooms.media.part import AUDIO, VIDEO
from tests.rooms.media.test_part import SOUND, check_true, person


def recorded(network):
    """A minute over this network, which says when what was sent at a moment arrives."""
    one, tape = person()
    one.arrive = lambda at: network(at) + one.delay
    one.live(100, 160)
    assert one.finish(160.0) == pytest.approx(60_000, abs=60)
    check_true(tape, within=0.08)
    return sum(frame.data == SOUND for frame in tape.of(webm.AUDIO)), len(tape.of(webm.VIDEO))


@pytest.mark.parametrize("seconds", [1.5, 2, 4, 4.8])
def test_sound_that_was_held_back_for_less_than_five_seconds_is_kept_whole(seconds):
    sound, pictures = recorded(lambda at: 120 + seconds if 120 <= at < 120 + seconds else at)
    assert sound == 3000
    assert pictures == pytest.approx(1800, abs=5)


@pytest.mark.parametrize("seconds", [6, 8, 12])
def test_what_a_relay_held_back_and_then_gave_at_once_keeps_its_place(seconds):
    """Only the sound whose place silence has taken meanwhile is lost, and never what is said afterwards."""
    sound, pictures = recorded(lambda at: 120 + seconds if 120 <= at < 120 + seconds else at)
    assert sound >= 3000 - 50 * seconds
    assert pictures == pytest.approx(1800, abs=5)


@pytest.mark.parametrize("most", [2, 4])
def test_sound_that_comes_seconds_late_all_the_time_is_kept(most):
    """As over a network whose queues are full: they fill within 5 s, and are empty again 15 s later."""
    sound, pictures = recorded(lambda at: at + max(0.0, min(most, (at - 110) / 5 * most, (127 - at) / 2 * most)))
    assert sound == pytest.approx(3000, abs=5)
    assert pictures == pytest.approx(1800, abs=5)


@pytest.mark.parametrize("pause", [0.3, 1.5, 2, 4.5, 5.5, 8])
def test_what_is_said_after_a_change_of_microphone_is_kept(pause):
    """A browser that has no microphone for a while sends nothing, and its time stamps stand still meanwhile."""
    one, tape = person()
    one.live(100, 121)
    one.live(121, 121 + pause, sound=False)
    one.bases[AUDIO] -= round(pause * 48_000)
    one.live(121 + pause, 160)
    assert one.finish(160.0) == pytest.approx(60_000, abs=60)
    check_true(tape)
    assert sum(frame.data == SOUND for frame in tape.of(webm.AUDIO)) == (60 - pause) * 50
    silent = [frame.ms / 1000 for frame in tape.of(webm.AUDIO) if frame.data == webm.SILENCE]
    assert 21 - 0.04 < min(silent) < max(silent) < 21 + pause + 0.02


@pytest.mark.parametrize("pause", [0.3, 2, 4.5])
def test_what_is_said_after_a_change_of_microphone_is_kept_also_where_the_browser_is_slow_to_report(pause):
    one, tape = person()
    one.live(100, 121)
    one.live(121, 121 + pause, sound=False)
    one.bases[AUDIO] -= round(pause * 48_000)
    report, one.report = one.report, lambda kind, at: None
    one.live(121 + pause, 129)
    one.report = report
    one.live(129, 160)
    assert one.finish(160.0) == pytest.approx(60_000, abs=60)
    check_true(tape)
    assert sum(frame.data == SOUND for frame in tape.of(webm.AUDIO)) == (60 - pause) * 50
    silent = [frame.ms / 1000 for frame in tape.of(webm.AUDIO) if frame.data == webm.SILENCE]
    assert max(silent) < 31  # from the report on, sound is where it belongs


@pytest.mark.parametrize("kind", [AUDIO, VIDEO])
@pytest.mark.parametrize("jump", [-40_000, -60, 60, 40_000])
def test_a_source_whose_time_jumps_makes_the_file_no_longer_and_loses_next_to_nothing(kind, jump):
    """As a phone's does that was locked, and as anybody's can who means ill."""
    one, tape = person()
    one.live(100, 106)
    rate = 48_000 if kind == AUDIO else 90_000
    one.bases[kind] = (one.bases[kind] + jump * rate) & 0xFFFFFFFF
    one.live(106, 112)
    assert one.finish(112) == pytest.approx(12_000, abs=60)
    assert tape.of(webm.AUDIO)[-1].ms == pytest.approx(11_980, abs=60)
    assert sum(frame.data == SOUND for frame in tape.of(webm.AUDIO)) == pytest.approx(600, abs=5)
    assert len(tape.of(webm.VIDEO)) == pytest.approx(360, abs=5)
    check_true(tape, within=0.08)


def test_reports_that_are_wrong_by_hours_every_time_make_the_file_no_longer():
    one, _tape = person()
    one.live(100, 106)
    for second in range(106, 112):
        one.clock_ahead += 3600 * (-1) ** second
        one.bases[AUDIO] += 7200 * 48_000 * (-1) ** second
        one.live(second, second + 1)
    assert one.finish(112) == pytest.approx(12_000, abs=60)


def test_thousands_of_packets_with_one_missing_before_each_are_given_in_order():
    """In a time that grows with their number, and not with its square: the event loop does it."""
    reorder, many = Reorder(0.9), 100_000
    numbers = [0, *random.Random(3).sample(range(2, 2 * many, 2), many - 1)]
    reorder.push([(seq, 0, 0, b"", 1.0) for seq in numbers])
    given = reorder.pop(math.inf)
    assert [packet[0] for run in given if not isinstance(run, Lost) for packet in run] == sorted(numbers)
    assert sum(one.packets for one in given if isinstance(one, Lost)) == many - 1
    assert not reorder.waits
