"""Recovery and closing, stopped before each single thing that they do to the disk, and run again: nothing is lost."""

import io
import os
from pathlib import Path

import pytest

from portal.recordings import age
from portal.recordings.age import CHUNK, Kind
from portal.recordings.recovery import recover
from portal.recordings.sink import Sink

KEY = age.new_identity(Kind.X25519)


class Killed(BaseException):
    """What happens to a process, as far as one test can have it happen."""


def killing(monkeypatch, before: int) -> None:
    """Die before the so-manieth act on the disk."""
    left = [before]

    def deadly(real):
        def act(*arguments, **options):
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return real(*arguments, **options)

        return act

    for module, names in ((os, ("write", "pwritev", "ftruncate", "fdatasync", "fsync")), (Path, ("unlink", "replace"))):
        for name in names:
            monkeypatch.setattr(module, name, deadly(getattr(module, name)))


def plaintext(folder):
    out = io.BytesIO()
    for name in ("p1-1.webm.age", "p1-1.webm.more.age"):
        if (folder / name).exists():
            with (folder / name).open("rb") as file:
                age.decrypt(file, out, [KEY])
    return out.getvalue()


def left_open(folder, size):
    """A folder as a killed process leaves it, with everything written down."""
    content = os.urandom(size)
    sink = Sink.create(folder, "p1-1.webm", [KEY.recipient])
    for at in range(0, size, 50_000):
        sink.write(content[at : at + 50_000])
        sink.flush()
    sink._stop()
    return content


SIZES = [0, 10, CHUNK, CHUNK + 1, 3 * CHUNK + 100]


@pytest.mark.parametrize("size", SIZES)
def test_recovery_may_be_killed_anywhere(tmp_path, monkeypatch, size):
    done, before = False, 0
    while not done:
        folder = tmp_path / str(before)
        folder.mkdir()
        content = left_open(folder, size)
        with monkeypatch.context() as patch:
            killing(patch, before)
            try:
                recover(folder)
                done = True
            except Killed:
                before += 1
        recover(folder)
        assert plaintext(folder) == content, before
        assert {path.name for path in folder.iterdir()} <= {"p1-1.webm.age", "p1-1.webm.more.age"}
        assert recover(folder) == []
    assert before > 1


@pytest.mark.parametrize("size", SIZES)
def test_closing_may_be_killed_anywhere(tmp_path, monkeypatch, size):
    done, before = False, 0
    while not done:
        folder, content = tmp_path / str(before), os.urandom(size)
        folder.mkdir()
        sink = Sink.create(folder, "p1-1.webm", [KEY.recipient])
        sink.write(content)
        sink.flush()
        with monkeypatch.context() as patch:
            killing(patch, before)
            try:
                sink.close()
                done = True
            except Killed:
                before += 1
        close_all_in(folder)
        recover(folder)
        assert plaintext(folder) == content, before
    assert before > 3


def close_all_in(folder):
    """What the system does with the files of a process that died."""
    for entry in list(Path("/proc/self/fd").iterdir()):
        if entry.is_symlink() and entry.readlink().is_relative_to(folder):
            os.close(int(entry.name))


def test_creating_may_be_killed_anywhere(tmp_path, monkeypatch):
    done, before = False, 0
    while not done:
        folder = tmp_path / str(before)
        folder.mkdir()
        with monkeypatch.context() as patch:
            killing(patch, before)
            try:
                Sink.create(folder, "p1-1.webm", [KEY.recipient])
                done = True
            except Killed:
                before += 1
        close_all_in(folder)
        recover(folder)
        assert plaintext(folder) == b""
        assert recover(folder) == []
    assert before > 3


def test_chunks_that_are_missing_before_the_end_are_told_and_nothing_is_touched(tmp_path):
    left_open(tmp_path, 4 * CHUNK)
    main = tmp_path / "p1-1.webm.age"
    os.truncate(main, main.stat().st_size - CHUNK)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    (found,) = recover(tmp_path)
    assert "missing" in found.problem
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
