"""Where the command line gets a recording from: a folder of files, or the portal of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.audit.domain import Actor
from portal.recordings.opening import Folder, Source
from portal.recordings.service import RecordingService, Stored
from portal.settings import Settings
from portal.wiring import opened

_ACTOR = Actor.system("command line")


class Portal:
    """A recording in the vault of this portal, wherever that keeps it."""

    def __init__(self, recordings: RecordingService, recording: str) -> None:
        self._recordings, self._recording = recordings, recording

    def manifest(self) -> bytes:
        """The manifest."""
        return self._recordings.manifest(self._recording)

    def sizes(self) -> dict[str, int]:
        """Bytes of each file."""
        return self._recordings.sizes(self._recording)

    def stored(self, name: str) -> Stored:
        """An encrypted file."""
        return self._recordings.stored(self._recording, name)


@contextmanager
def source_of(recording: str) -> Iterator[Source]:
    """The recording of this name, or in this folder. Taking it from the portal leaves an event.

    Raises:
        RecordingUnknown, RecordingDestroyed, VaultError
    """
    if Path(recording).is_dir():
        yield Folder(Path(recording))
        return
    with opened(Settings.from_env()) as services:
        recordings = services.get(RecordingService)
        recordings.note_downloaded(recording, "all", actor=_ACTOR)
        yield Portal(recordings, recording)
