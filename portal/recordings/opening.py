"""Open a recording with a key, on the researcher's own machine: checked against its manifest, file by file.

Works on any source that gives the manifest and stretches of the encrypted files: the portal, or a folder of files.
"""

import hashlib
import io
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from portal.recordings import age
from portal.recordings.domain import Track
from portal.recordings.manifest import FILE
from portal.recordings.service import Stored, with_header

_PIECE = 1 << 20
Progress = Callable[[int], object]
"""Is told how many encrypted bytes have been dealt with since it was told last."""


class TrackDamaged(Exception):
    """A track cannot be had whole. The message names the file and says why."""


class Source(Protocol):
    """Where a recording's files come from."""

    def manifest(self) -> bytes:
        """The manifest. Raises OSError, RecordingError."""

    def sizes(self) -> dict[str, int]:
        """Bytes of each file, by name."""

    def stored(self, name: str) -> Stored:
        """An encrypted file behind the header in force. Raises OSError, RecordingError."""


class Folder:
    """A folder of files, as it lies in the vault, in a backup, or was downloaded."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def manifest(self) -> bytes:
        """The manifest."""
        return (self._path / FILE).read_bytes()

    def sizes(self) -> dict[str, int]:
        """Bytes of each file."""
        return {path.name: path.stat().st_size for path in self._path.iterdir() if path.is_file()}

    def stored(self, name: str) -> Stored:
        """An encrypted file."""
        path = self._path / name

        def own(start: int, length: int) -> bytes:
            with path.open("rb") as file:
                file.seek(start)
                return file.read(length)

        stored = Stored(path.stat().st_size, own)
        header = self._path / f"{name}.header"
        return with_header(header.read_bytes(), len(age.header_at(own).raw), stored) if header.exists() else stored


def open_track(
    source: Source, track: Track, identities: Collection[age.Identity], target: BinaryIO, progress: Progress
) -> None:
    """Write the whole plaintext of a track.

    Raises:
        TrackDamaged: it is not, or not only, what was recorded. What was written must not be taken for the whole.
    """
    for name, wanted in _files(track):
        try:
            stored = source.stored(name)
            reading = _Hashing(stored, progress)
            age.decrypt(io.BufferedReader(reading, _PIECE), target, identities)
        except FileNotFoundError as error:
            raise TrackDamaged(f"{name} is missing") from error
        except age.AgeError as error:
            raise TrackDamaged(f"{name}: {error}") from error
        if wanted and reading.payload_sha256() != wanted:
            raise TrackDamaged(f"{name} is an intact file, but not the one that the manifest names")


def rescue_track(
    source: Source, track: Track, identities: Collection[age.Identity], target: BinaryIO
) -> list[age.Hole]:
    """Write what can be had of a track. Gives what is lost. Raises TrackDamaged: nothing can be had."""
    holes, at = [], 0
    for name, _wanted in _files(track):
        try:
            stored = source.stored(name)
            found = age.rescue(stored.read_at, stored.size, identities, target)
        except (FileNotFoundError, age.AgeError) as error:
            if at == 0:
                raise TrackDamaged(f"{name}: {error}") from error
            found = [age.Hole(0, 0, f"{name}: {error}")]
        holes += [age.Hole(at + one.start, one.length, one.why) for one in found]
        at = target.tell()
    return holes


def _files(track: Track) -> list[tuple[str, str]]:
    """The encrypted files of a track in order, each with the hash of its payload if that is known."""
    return [(f"{track.file}.age", track.payload_sha256), *([(track.more, "")] if track.more else [])]


class _Hashing(io.RawIOBase):
    """An encrypted file as a stream that counts and hashes what goes by, the header left out."""

    def __init__(self, stored: Stored, progress: Progress) -> None:
        self._stored, self._progress, self._at = stored, progress, 0
        self._payload_at = len(age.header_at(stored.read_at).raw)
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, space: Any, /) -> int:
        """Read the next bytes."""
        view = memoryview(space)
        data = self._stored.read_at(self._at, len(view))
        view[: len(data)] = data
        self._digest.update(data[max(0, self._payload_at - self._at) :])
        self._at += len(data)
        self._progress(len(data))
        return len(data)

    def payload_sha256(self) -> str:
        """Hash of everything behind the header, once all has been read."""
        return self._digest.hexdigest()
