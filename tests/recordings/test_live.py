"""What is kept beside a file while it is written: one write that is torn never takes the one before with it."""

import os
import stat

import pytest

from portal.recordings.live import Kept, Live, read

LARGEST = 70_000


@pytest.fixture
def live(tmp_path):
    one = Live(tmp_path / "live", LARGEST)
    yield one
    one.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "live"


def test_nothing_was_kept_yet(live, path):
    assert read(path) == ([], [])


def test_the_newest_comes_first_and_the_one_before_stays(live, path):
    for chunk in range(5):
        live.end(chunk, bytes([chunk]) * (1000 + chunk))
        live.tail(chunk + 1, b"head", b"", bytes([chunk]) * 60_000)
    live.flush()
    ends, tails = read(path)
    assert ends == [Kept(4, b"\x04" * 1004), Kept(3, b"\x03" * 1003)]
    assert tails == [Kept(5, b"head" + b"\x04" * 60_000), Kept(4, b"head" + b"\x03" * 60_000)]


def test_keeping_changes_neither_names_nor_size(live, path, tmp_path):
    before = (list(tmp_path.iterdir()), path.stat().st_size, path.stat().st_ino)
    for turn in range(9):
        live.tail(turn // 4, os.urandom(turn * 7_000))
        live.end(turn, os.urandom(LARGEST))
    assert (list(tmp_path.iterdir()), path.stat().st_size, path.stat().st_ino) == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_write_torn_at_any_block_leaves_the_one_before(live, path):
    kept = [os.urandom(20_000), os.urandom(20_000), os.urandom(20_000)]
    live.tail(1, kept[0])
    live.tail(1, kept[1])
    before = path.read_bytes()
    live.tail(2, kept[2])
    after = path.read_bytes()
    places = [at for at in range(0, len(before), 4096) if before[at : at + 4096] != after[at : at + 4096]]
    assert len(places) == 5
    for torn in range(1 << len(places)):  # every choice of blocks that reached the disk
        mixed = bytearray(before)
        for number, at in enumerate(places):
            if torn >> number & 1:
                mixed[at : at + 4096] = after[at : at + 4096]
        path.write_bytes(mixed)
        whole = torn == (1 << len(places)) - 1
        untouched = torn == 0
        newest = Kept(2, kept[2]) if whole else Kept(1, kept[1])
        assert read(path)[1][0] == newest
        assert len(read(path)[1]) == (2 if whole or untouched else 1)


@pytest.mark.parametrize("left", [0, 1, 31, 32, 4096, 100_000, 287_000])
def test_a_file_that_was_cut_is_read_without_an_error(live, path, left):
    live.end(7, os.urandom(LARGEST))
    live.tail(8, os.urandom(LARGEST))
    os.truncate(path, left)
    ends, tails = read(path)
    assert [one.chunk for one in ends] in ([], [7])
    assert tails == []


def test_what_is_longer_than_the_room_is_refused_and_touches_nothing(live, path):
    live.tail(0, b"good")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="longer than the room"):
        live.tail(1, bytes(LARGEST), bytes(LARGEST))
    assert path.read_bytes() == before


def test_a_write_that_the_system_cuts_short_is_completed(live, path, monkeypatch):
    real = os.pwritev
    monkeypatch.setattr(os, "pwritev", lambda handle, pieces, at: real(handle, [b"".join(pieces)[:10]], at))
    live.tail(3, b"a", b"b" * 30_000, b"c")
    assert read(path)[1] == [Kept(3, b"a" + b"b" * 30_000 + b"c")]
