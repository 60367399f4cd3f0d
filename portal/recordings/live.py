"""What is kept beside a file while it is written, in one file of a fixed size with four places.

Two places are for ends and two for tails (portal.recordings.sink says what these are), written by turns, so that the
one before stays whole while the next is written. The room is taken, and flushed, before the first byte of media: to
keep something makes no file, renames none, changes no size in the file system and needs no room on a full disk. That is
what makes it cheap (`bench.sink`).

Each place begins with a mark, what it is about, and a CRC-32: a loss of power in the middle of a write leaves it torn,
and whoever completes the file must see that without a key. Forgery is not its business; age sees to that.
"""

import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.recordings.files import create, write_all

_MARK = b"live/1\r\n"
_HEAD = struct.Struct(">8sQQII")
"""Mark, chunk, turn, length of the content, and the CRC-32 of all that but the mark, with the content."""
_BLOCK = 4096
_PLACES = 4


@dataclass(frozen=True)
class Kept:
    """A chunk that was kept: its number in the file, and what was written."""

    chunk: int
    content: bytes


class Live:
    """Keeps ends and tails. Belongs to one thread at a time; every method may wait for the disk."""

    def __init__(self, path: Path, largest: int) -> None:
        """Take the room for contents of at most so many bytes. Raises OSError."""
        self._size = -(-(_HEAD.size + largest) // _BLOCK) * _BLOCK
        self._turns = [0, 0]
        self._file = create(path, append=False)
        try:
            write_all(self._file, bytes(self._size * _PLACES))  # real bytes, since a hole takes no room
            os.fsync(self._file)
        except OSError:
            os.close(self._file)
            raise

    def end(self, chunk: int, content: bytes) -> None:
        """Keep the chunk of this number, sealed as the last one. On the disk only after `flush`. Raises OSError."""
        self._keep(0, chunk, [content])

    def tail(self, chunk: int, *pieces: bytes) -> None:
        """Keep the open chunk of this number, an age file in pieces. On the disk only after `flush`. Raises OSError."""
        self._keep(1, chunk, pieces)

    def flush(self) -> None:
        """Wait until it is on the disk. Raises OSError."""
        os.fdatasync(self._file)

    def close(self) -> None:
        """Let go of the file; it stays where it is."""
        os.close(self._file)

    def _keep(self, kind: int, chunk: int, pieces: Sequence[bytes]) -> None:
        turn, length = self._turns[kind], sum(map(len, pieces))
        if _HEAD.size + length > self._size:
            raise ValueError("this is longer than the room that was taken for it")
        head = _HEAD.pack(_MARK, chunk, turn, length, _check(chunk, turn, length, pieces))
        _write_at(self._file, [head, *pieces], self._size * (2 * kind + turn % 2))
        self._turns[kind] += 1


def read(path: Path) -> tuple[list[Kept], list[Kept]]:
    """The ends and the tails that are whole, each with the newest first. Raises OSError."""
    content = path.read_bytes()
    size = len(content) // _PLACES
    places = [_whole(content[at * size : (at + 1) * size]) for at in range(_PLACES)]
    return _newest_first(places[:2]), _newest_first(places[2:])


def _newest_first(places: list[tuple[int, Kept] | None]) -> list[Kept]:
    return [kept for _turn, kept in sorted(filter(None, places), key=lambda one: one[0], reverse=True)]


def _whole(place: bytes) -> tuple[int, Kept] | None:
    """What stands at a place and its turn; None if nothing does, or only a part of it."""
    if len(place) < _HEAD.size:
        return None
    mark, chunk, turn, length, check = _HEAD.unpack_from(place)
    content = place[_HEAD.size : _HEAD.size + length]
    whole = mark == _MARK and len(content) == length and check == _check(chunk, turn, length, [content])
    return (turn, Kept(chunk, content)) if whole else None


def _check(chunk: int, turn: int, length: int, pieces: Sequence[bytes]) -> int:
    check = zlib.crc32(struct.pack(">QQI", chunk, turn, length))
    for piece in pieces:
        check = zlib.crc32(piece, check)
    return check


def _write_at(handle: int, pieces: list[bytes], at: int) -> None:
    done, whole = os.pwritev(handle, pieces, at), sum(map(len, pieces))
    while done < whole:  # a signal or a failing disk: the rest, or the error, comes now
        done += os.pwrite(handle, b"".join(pieces)[done:], at + done)
