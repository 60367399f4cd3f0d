"""Killed 300 times at random moments, torn, and out of room: what is left decrypts, and at most a second is lost."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from portal.recordings import age, live
from portal.recordings.age import CHUNK, SEALED, Kind
from portal.recordings.files import Names
from portal.recordings.recovery import recover
from portal.settings import ROOT
from tests.recordings.crashing import AUDIO_MS, NAME, frame

RUNS = 300
pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def keys():
    return [age.new_identity(Kind.X25519), age.new_identity(Kind.X25519)]


@pytest.fixture
def key_file(tmp_path, keys):
    path = tmp_path / "key"
    path.write_text(keys[1].encode(), encoding="ascii")
    return path


def crashing(*arguments, before=()):
    command = [*before, sys.executable, "-m", "tests.recordings.crashing", *map(str, arguments)]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=200)
    return [json.loads(line) for line in result.stdout.splitlines()]


def opened(folder, key_file):
    """The whole plaintext as the real `age` gives it, which must be content with each file."""
    parts = [folder / f"{NAME}.age", folder / f"{NAME}.more.age"]
    command = ["age", "-d", "-i", str(key_file)]
    there = [part for part in parts if part.exists()]
    return b"".join(
        subprocess.run([*command, part], check=True, capture_output=True, timeout=60).stdout for part in there
    )


def seconds_of(content, *, video):
    """How much media that is. The content must be what was handed over, from the beginning."""
    number = at = 0
    while at < len(content):
        expected = frame(number, video=video)
        assert content[at : at + len(expected)] == expected[: len(content) - at]
        at += len(expected)
        number += at <= len(content)
    return number * AUDIO_MS / 1000


def test_killed_at_random_moments(fast_disk, keys, key_file):
    root = fast_disk / "killed"
    root.mkdir()
    told = crashing("many", root, RUNS, *(one.recipient for one in keys))
    lost, recovered, chance = [], 0.0, random.Random(7)
    for one in told:
        folder = Path(one["folder"])
        if chance.random() < 0.5:
            tear(folder, chance)
        recover(folder)
        assert recover(folder) == []
        left = {path.name for path in folder.iterdir()}
        assert left <= {f"{NAME}.age", f"{NAME}.more.age"}
        seconds = seconds_of(opened(folder, key_file), video=one["video"]) if left else 0
        lost.append(one["handed"] * AUDIO_MS / 1000 - seconds)
        recovered += seconds
    assert len(lost) == RUNS
    assert max(lost) <= 1.0
    assert recovered > RUNS * 5, "the writers were killed before they wrote anything worth the name"


def tear(folder, chance):
    """What a loss of power may leave: the last blocks, which nobody waited for, are garbage or not there; and the
    place in the live file that was being written, which is the older one of its kind, is torn."""
    names = Names(folder, NAME)
    ends, tails = live.read(names.live) if names.live.exists() else ([], [])
    if not ends or not names.main.exists():
        return
    with names.main.open("rb") as file:
        header = len(age.Header.read(file.readline).raw) + age.NONCE
    sure = header + ends[0].chunk * SEALED
    with names.main.open("r+b") as file:
        file.truncate(chance.randint(sure, max(sure, names.main.stat().st_size)))
        file.seek(0, os.SEEK_END)
        file.write(chance.randbytes(chance.randint(0, 3 * CHUNK)))
    content = names.live.read_bytes()
    for older in ends[1:] + tails[1:]:
        begins = content.index(older.content)
        with names.live.open("r+b") as file:
            file.seek(begins + chance.randint(0, len(older.content) - 1))
            file.write(chance.randbytes(chance.randint(1, 512)))


@pytest.mark.parametrize("largest", [800_000, 1_000_000, 1_048_576])
def test_a_largest_file_size(tmp_path, keys, key_file, largest):
    (told,) = crashing("full", tmp_path, largest, *(one.recipient for one in keys))
    assert told["why"] == "the file has reached the largest size that is allowed"
    recover(tmp_path)
    lost = told["handed"] * AUDIO_MS / 1000 - seconds_of(opened(tmp_path, key_file), video=True)
    assert lost <= 1.0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
@pytest.mark.parametrize("size", ["900k", "1500k"])
def test_a_disk_that_is_really_full(tmp_path, keys, key_file, size):
    small = tmp_path / "small"
    small.mkdir()
    script = f'mount -t tmpfs -o size={size} none "$1" && shift && "$@"; cp -r {small}/. {tmp_path}/left'
    before = ["unshare", "--mount", "sh", "-c", script, "sh", str(small)]
    (told,) = crashing("full", small, 0, *(one.recipient for one in keys), before=before)
    assert told["why"] == "the disk is full"
    assert told["left"] == [f"{NAME}.age"]
    content = opened(tmp_path / "left", key_file)
    assert seconds_of(content, video=True) == told["handed"] * AUDIO_MS / 1000
    assert len(content) == told["given"], "not even a byte may be lost"
