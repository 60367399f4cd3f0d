"""Where recordings lie: a folder for each, with names that the portal makes itself, and nothing outside the root.

`Files` keeps them in the instance folder. Another place, such as an S3 service, is one more class with the same six
methods. Live recordings are always written to files; a duty moves finished ones.
"""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from portal.recordings.domain import RECORDING_ID
from portal.recordings.errors import RecordingUnknown, VaultError
from portal.recordings.files import overwrite_start, replace

ENTRY = re.compile(r"manifest\.jsonl|[a-z0-9][a-z0-9-]{0,39}\.[a-z0-9]{2,5}(?:\.more)?\.age(?:\.header)?")
"""What a finished recording's folder may hold."""


@dataclass(frozen=True)
class Entry:
    """A file of a recording."""

    name: str
    size: int


class Storage(Protocol):
    """A place for finished recordings. Every method may raise VaultError; unknown files raise RecordingUnknown."""

    def recordings(self) -> Iterator[str]:
        """The recordings that it holds."""

    def entries(self, recording: str) -> list[Entry]:
        """The files of a recording; none if it holds no such recording."""

    def read_at(self, recording: str, name: str, start: int, length: int) -> bytes:
        """A stretch of a file, shorter where it ends."""

    def put(self, recording: str, name: str, content: bytes) -> None:
        """Keep a small file whole, instead of an earlier one."""

    def put_file(self, recording: str, path: Path) -> None:
        """Keep a large file under its own name, whole or not at all."""

    def destroy(self, recording: str) -> None:
        """Remove a recording: first what unlocks it, then the rest. May be repeated."""


class Files:
    """Recordings in folders below one root, for its owner alone."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def root(self) -> Path:
        """The folder that holds them all."""
        return self._root

    def new_folder(self, recording: str) -> Path:
        """Make the folder of a new recording. Raises OSError, also when it is there already."""
        path = self.folder(recording)
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.mkdir(mode=0o700)
        return path

    def folder(self, recording: str) -> Path:
        """A recording's folder, whether it is there or not. Raises RecordingUnknown for any other name."""
        if not RECORDING_ID.fullmatch(recording):
            raise RecordingUnknown("this is not the name of a recording")
        return self._root / recording

    def recordings(self) -> Iterator[str]:
        """The recordings whose folder is here."""
        if self._root.is_dir():
            for path in sorted(self._root.iterdir()):
                if RECORDING_ID.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
                    yield path.name

    def strangers(self) -> list[str]:
        """What lies in the root and is not a recording's folder."""
        if not self._root.is_dir():
            return []
        return sorted({path.name for path in self._root.iterdir()} - set(self.recordings()))

    def entries(self, recording: str) -> list[Entry]:
        """The files of a recording."""
        folder = self.folder(recording)
        if not folder.is_dir():
            return []
        return [
            Entry(path.name, path.stat().st_size)
            for path in sorted(folder.iterdir())
            if ENTRY.fullmatch(path.name) and path.is_file() and not path.is_symlink()
        ]

    def read_at(self, recording: str, name: str, start: int, length: int) -> bytes:
        """A stretch of a file."""
        try:
            handle = os.open(self._path(recording, name), os.O_RDONLY | os.O_NOFOLLOW)
        except OSError as error:
            raise RecordingUnknown("the recording has no such file") from error
        try:
            return os.pread(handle, length, start)
        except OSError as error:
            raise VaultError(f"the vault's disk did not answer: {os.strerror(error.errno or 0)}") from error
        finally:
            os.close(handle)

    def put(self, recording: str, name: str, content: bytes) -> None:
        """Keep a small file."""
        path = self._path(recording, name)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace(path, content)
        except OSError as error:
            raise VaultError(f"the vault's disk refused: {os.strerror(error.errno or 0)}") from error

    def put_file(self, recording: str, path: Path) -> None:
        """Copy a file into the recording's folder."""
        target = self._path(recording, path.name)
        draft = target.with_name(target.name + ".new")
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(path, draft)
            draft.chmod(0o600)
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            draft.replace(target)
        except OSError as error:
            raise VaultError(f"the vault's disk refused: {os.strerror(error.errno or 0)}") from error

    def remove(self, recording: str) -> None:
        """Remove a recording's folder that lies elsewhere by now."""
        shutil.rmtree(self.folder(recording))

    def destroy(self, recording: str) -> None:
        """Overwrite the headers, without which nothing opens, then remove everything."""
        folder = self.folder(recording)
        if not folder.is_dir():
            return
        try:
            for path in sorted(folder.iterdir()):
                overwrite_start(path)
            shutil.rmtree(folder)
        except OSError as error:
            raise VaultError(f"the vault's disk refused: {os.strerror(error.errno or 0)}") from error

    def _path(self, recording: str, name: str) -> Path:
        if not ENTRY.fullmatch(name):
            raise RecordingUnknown("the recording has no such file")
        return self.folder(recording) / name
