"""Files of a recording's folder: their names, and writing them so that nobody ever sees half of one."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\.[a-z0-9]{2,5}")
"""What a track's file may be called inside the folder, such as "p1-1.webm": nothing that leads elsewhere."""

_HEADERS_AT_MOST = 1 << 20


@dataclass(frozen=True)
class Names:
    """The paths of one sink. See portal.recordings.sink for what each file is."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is not a name for a track's file")

    @property
    def main(self) -> Path:
        """The age file itself."""
        return self.folder / f"{self.name}.age"

    @property
    def reserve(self) -> Path:
        """Room that is given free when the disk is full."""
        return self.folder / f"{self.name}.age.reserve"

    @property
    def live(self) -> Path:
        """What is kept beside it while it is written: see portal.recordings.live."""
        return self.folder / f"{self.name}.age.live"

    @property
    def more(self) -> Path:
        """What recovery keeps of a tail: an age file that goes on where the main one ends."""
        return self.folder / f"{self.name}.more.age"


def create(path: Path, *, append: bool = True) -> int:
    """A new file, readable by its owner alone. Gives the descriptor; an existing one is an error."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | (os.O_APPEND if append else 0), 0o600)


def write_all(handle: int, content: bytes) -> None:
    """Write every byte: a disk that fills up takes a part first."""
    done = 0
    while done < len(content):
        done += os.write(handle, memoryview(content)[done:])


def replace(path: Path, content: bytes) -> None:
    """Put a whole file at the path: on the disk before it gets its name, so the name never shows half of it."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = create(draft)
    try:
        write_all(handle, content)
        os.fdatasync(handle)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def flush_names(folder: Path) -> None:
    """Wait until the names in the folder are on the disk. What was flushed in a file is lost without its name."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def overwrite_start(path: Path) -> None:
    """Zeros over the place of the header, without which nothing opens: what the disk keeps is then noise for ever.

    A file that lies beside a live one has several headers, and is small enough to be overwritten as a whole.
    """
    if path.is_symlink() or not path.is_file():
        return
    with path.open("r+b") as file:
        file.write(bytes(min(path.stat().st_size, _HEADERS_AT_MOST)))
        file.flush()
        os.fdatasync(file.fileno())
