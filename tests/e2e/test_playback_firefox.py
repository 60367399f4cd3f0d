"""The player in Firefox: pictures and voices in step, and what happens on a machine without a loudspeaker."""

import json
import os
import subprocess

import pytest

from tests.e2e.house import serving
from tests.e2e.player import LATE, STEP, member
from tests.recordings.keys.making import PASSPHRASE
from tests.recordings.made import keyed, recorded, team

pytestmark = pytest.mark.browser


@pytest.fixture
def house(world):
    keyed(world, *team(world))
    world.recording = recorded(world)
    with serving(world) as made:
        yield made


def played(house, told="", **environ):
    """Where everybody's picture and voice stand once all have played for a second: {"video": [s, s], "audio": …}."""
    known = {
        "URL": f"{house.url}/workspace/recordings/{house.world.recording.id}", "PASSPHRASE": PASSPHRASE, "TOLD": told,
        "SESSION": house.session(member(house)), "HOME": str(house.world.settings.instance),
    }  # fmt: skip
    command = ["node", "tests/e2e/firefox-plays.mjs"]
    done = subprocess.run(
        command, env={**os.environ, **known, **environ}, capture_output=True, text=True, check=False, timeout=150
    )
    assert done.returncode == 0, done.stdout + done.stderr
    seen = {"video": [], "audio": []}
    for one in json.loads(done.stdout.splitlines()[-1]):
        seen[one["kind"]].append(one["time"])
    return seen


def test_pictures_and_voices_play_in_step(house, loudspeaker):
    seen = played(house, **loudspeaker)
    for first, second in seen.values():
        assert abs(first - second - LATE) < STEP, seen
    for picture, voice in zip(*seen.values(), strict=True):
        assert abs(picture - voice) < STEP, seen


def test_without_a_loudspeaker_pictures_play_on_and_she_is_told(house):
    seen = played(house, "Connect a loudspeaker", PULSE_SERVER="unix:/nowhere")
    first, second = seen["video"]
    assert abs(first - second - LATE) < STEP, seen
