"""What becomes of sound and pictures that come seconds late: over relays that stand still, and over full queues."""

import pytest

from portal.rooms.media import webm
from tests.rooms.media.test_part import SOUND, check_true, person


def recorded(network):
    """A minute over this network, which says when what was sent at a moment arrives."""
    one, tape = person()
    one.arrive = lambda at: network(at) + one.delay
    one.live(100, 160)
    assert one.finish(160.0) == pytest.approx(60_000, abs=60)
    check_true(tape, within=0.08)
    return sum(frame.data == SOUND for frame in tape.of(webm.AUDIO)), len(tape.of(webm.VIDEO))


@pytest.mark.parametrize("seconds", [4, 6, 8, 12])
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
