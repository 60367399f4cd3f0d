"""After a crash: complete the files that were being written. No key is needed, and none is here.

A closed file has nothing beside it. Otherwise, with the names of portal.recordings.sink, the live file tells:

- an end: the file is cut to as many chunks as stand before it, and the end is appended. A tail that goes on there is
  kept as a file of its own, `p1-1.webm.more.age`; an older one is already within the file;
- no end, and a tail of chunk 0: all that there is stands in the tail, which becomes the file;
- neither, and nothing behind the header: nothing had been written yet;
- neither, but chunks in the file: the live file is damaged, and nothing is touched.

Without a live file, the file is complete or nothing had been written yet, and only tidying up was left.

Run it twice or kill it anywhere: each step leaves a state that the rules above read in the same way.
"""

import fcntl
import os
import re
from dataclasses import dataclass
from pathlib import Path

from portal.recordings.age import NONCE, SEALED, AgeError, Header, plaintext_size
from portal.recordings.files import NAME, Names, replace, write_all
from portal.recordings.live import Kept, read

_SIDE = re.compile(r"(?P<name>.+?\.[a-z0-9]{2,5})(?:\.age(?:\.live|\.reserve)?|\.more\.age)(?:\.new)?")


class StillWriting(Exception):
    """A living process writes this file."""


@dataclass(frozen=True)
class Recovered:
    """A file that was completed.

    Attributes:
        name: the track's file, such as "p1-1.webm".
        plaintext_bytes: bytes in the main file; the plaintext of `more` follows them.
        more: the file that the rest is in, or None.
        problem: what else was found, or empty.
    """

    name: str
    plaintext_bytes: int
    more: str | None
    problem: str = ""


def recover(folder: Path) -> list[Recovered]:
    """Complete every file of the folder that was left open. Those that a living process writes are left alone."""
    found = []
    for name in sorted(unfinished(folder)):
        try:
            found.append(repair(Names(folder, name)))
        except StillWriting:
            continue
    return found


def unfinished(folder: Path) -> set[str]:
    """The tracks' files that were never closed."""
    names = set()
    for path in folder.iterdir():
        match = _SIDE.fullmatch(path.name)
        if match and NAME.fullmatch(match["name"]):
            beside = path.name.removeprefix(match["name"])
            if beside not in (".age", ".more.age") or (beside == ".age" and path.stat().st_size == 0):
                names.add(match["name"])
    return names


def repair(names: Names) -> Recovered:
    """Complete one file. Raises StillWriting, OSError (and then may be called again)."""
    handle = os.open(names.main, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        _lock(handle)
        return _by_rule(names, handle)
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StillWriting("a living process writes this file") from error


def _by_rule(names: Names, handle: int) -> Recovered:
    ends, tails = read(names.live) if names.live.exists() else ([], [])
    if ends:
        return _from_end(names, handle, ends[0], tails)
    first = next((tail for tail in tails if tail.chunk == 0), None)
    if first is not None:
        replace(names.main, first.content)
    elif names.main.stat().st_size <= _start(names.main):
        for path in (names.main, names.live, names.reserve):
            path.unlink(missing_ok=True)
        return Recovered(names.name, 0, None, "nothing had been written yet; the empty file was removed")
    elif names.live.exists():
        return Recovered(names.name, 0, None, "what was kept of its end is damaged; nothing was touched")
    return _done(names)


def _from_end(names: Names, handle: int, end: Kept, tails: list[Kept]) -> Recovered:
    start = _start(names.main)
    missing = end.chunk - _chunks(names.main)
    if missing > 0:
        return Recovered(names.name, 0, None, f"{missing} chunks before the end are missing; nothing was touched")
    os.ftruncate(handle, start + end.chunk * SEALED)
    write_all(handle, end.content)
    os.fdatasync(handle)
    more = next((tail for tail in tails if tail.chunk == end.chunk + 1), None)
    if more is not None:
        replace(names.more, more.content)
    return _done(names)


def _done(names: Names) -> Recovered:
    for path in (names.live, names.reserve):
        path.unlink(missing_ok=True)
    size = plaintext_size(names.main.stat().st_size - _start(names.main))
    return Recovered(names.name, size, names.more.name if names.more.exists() else None)


def _start(path: Path) -> int:
    """Where the chunks begin; behind everything if even the header is not whole."""
    try:
        with path.open("rb") as file:
            return len(Header.read(file.readline).raw) + NONCE
    except AgeError:
        return path.stat().st_size


def _chunks(path: Path) -> int:
    """Whole chunks in the file; a short one at the end is not counted."""
    return (path.stat().st_size - _start(path)) // SEALED
