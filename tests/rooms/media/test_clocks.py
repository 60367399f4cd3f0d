"""From a sender's time stamps to the recording's clock."""

import pytest

from portal.rooms.media.sync import PersonClock, TrackClock
from tests.rooms.media.test_part import SOUND


def test_a_track_is_tied_to_its_person_by_whichever_report_comes_first():
    clock = PersonClock()
    track = TrackClock(48_000, clock)
    ntp = (50 + 2_208_988_800) * (1 << 32)
    clock.heard(ntp, 10.0)
    track.reported(ntp, 4_800)  # before any packet
    assert not track.tied
    stamp = (1 << 32) + 4_800 + 48_000
    track.came([(1, stamp, 0, SOUND, 11.2)])
    assert track.tied
    assert track.time(stamp, 11.2) == pytest.approx(11.0, abs=0.001)


def test_reports_that_were_sent_late_do_not_put_sound_behind_picture():
    clock = PersonClock()
    track = TrackClock(48_000, clock)
    times = []
    for number, late in enumerate((0.06, 0, 0.08, 0.05, 0.09, 0, 0.07, 0.02)):
        second = 5 * number
        clock.heard((50 + second) << 32, 10.0 + second)
        stamp = 48_000 * second
        track.came([(number, stamp, 0, SOUND, 10.01 + second)])
        track.reported(round((50 + second + late) * (1 << 32)), stamp)
        times.append(track.time(stamp, 10.01 + second) - 10 - second)
    assert times[4:] == pytest.approx([0] * 4, abs=0.001)


def test_reports_from_before_the_recording_tie_its_first_sound():
    clock = PersonClock(since=100.0)
    track = TrackClock(48_000, clock)
    slow_network = {85: 0.3, 90: 0.1, 95: 0.2, 99: 0.02, 96: 0.05, 97: 0.0, 98: 0.04}
    sent_late = {85: 0.06, 90: 0.0, 95: 0.08, 99: 0.05}
    for second, slow in slow_network.items():
        clock.heard((50 + second) << 32, second + slow)
        if second in sent_late:
            track.reported(round((50 + second + sent_late[second]) * (1 << 32)), 48_000 * second)
    track.came([(1, 48_000 * 100, 0, SOUND, 100.03)])
    assert track.time(48_000 * 100, 100.03) == pytest.approx(100.0, abs=0.001)
