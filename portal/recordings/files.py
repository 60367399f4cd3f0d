"""Files of a recording's folder: their names, and writing them so that nobody ever sees half of one."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\.[a-z0-9]{2,5}")
"""What a track's file may be called inside the folder, such as "p1-1.webm": nothing that leads elsewhere."""


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

    def end(self, chunk: int) -> Path:
        """The chunk of this number, sealed as the last one."""
        return self.folder / f"{self.name}.age.end-{chunk}"

    def tail(self, chunk: int) -> Path:
        """The open chunk of this number, an age file of its own."""
        return self.folder / f"{self.name}.tail-{chunk}.age"

    @property
    def more(self) -> Path:
        """What recovery keeps of a tail: an age file that goes on where the main one ends."""
        return self.folder / f"{self.name}.more.age"

    def ends(self) -> list[Path]:
        """Ends on the disk, by chunk."""
        return sorted(self.folder.glob(f"{self.name}.age.end-*[0-9]"), key=number_of)

    def tails(self) -> list[Path]:
        """Tails on the disk, by chunk."""
        return sorted(self.folder.glob(f"{self.name}.tail-*[0-9].age"), key=number_of)

    def drafts(self) -> list[Path]:
        """What was being written when the process was killed."""
        return [*self.folder.glob(f"{self.name}.age.end-*.new"), *self.folder.glob(f"{self.name}.tail-*.new")]


def number_of(path: Path) -> int:
    """Which chunk an end or a tail is. Raises ValueError for any other file."""
    found = re.search(r"\.(?:age\.end|tail)-(\d{1,15})(?:\.age)?$", path.name)
    if not found:
        raise ValueError(f"{path.name} is neither an end nor a tail")
    return int(found[1])


def create(path: Path) -> int:
    """A new file, readable by its owner alone, opened to append. Gives the descriptor; an existing one is an error."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)


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
