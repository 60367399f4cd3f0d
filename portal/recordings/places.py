"""The vault as one: recordings on this machine, and finished ones on a service elsewhere if there is one."""

import hashlib

from portal.recordings.age import header_at
from portal.recordings.errors import VaultError
from portal.recordings.manifest import FILE
from portal.recordings.vault import Files, Storage

_PIECE = 1 << 20


class Places:
    """Knows where each recording lies."""

    def __init__(self, here: Files, away: Storage | None = None) -> None:
        self.here, self.away = here, away

    def of(self, recording: str) -> Storage:
        """Where the recording lies. Raises RecordingUnknown for what cannot be a recording's name."""
        return self.here if self.here.folder(recording).is_dir() or self.away is None else self.away

    def sizes(self, recording: str) -> dict[str, int]:
        """Bytes of each file of a recording, by name. Raises VaultError."""
        return {one.name: one.size for one in self.of(recording).entries(recording)}

    def whole(self, recording: str, name: str) -> bytes:
        """A small file. Raises RecordingUnknown, VaultError."""
        storage, content = self.of(recording), bytearray()
        while piece := storage.read_at(recording, name, len(content), _PIECE):
            content += piece
        return bytes(content)

    def sha256(self, recording: str, name: str, *, payload_only: bool = False) -> str:
        """Hash (hex) of a file, or only of what follows its header. Raises RecordingUnknown, VaultError, AgeError."""
        storage, digest, at = self.of(recording), hashlib.sha256(), 0
        if payload_only:
            at = len(header_at(lambda start, length: storage.read_at(recording, name, start, length)).raw)
        while piece := storage.read_at(recording, name, at, _PIECE):
            digest.update(piece)
            at += len(piece)
        return digest.hexdigest()

    def move_away(self, recording: str) -> bool:
        """Upload a finished recording, and only when all of it has arrived remove it here. The manifest goes last.

        Gives whether it was moved. May be repeated. Raises VaultError.
        """
        folder = self.here.folder(recording)
        if self.away is None or not folder.is_dir():
            return False
        entries = self.here.entries(recording)
        for entry in sorted(entries, key=lambda one: one.name == FILE):
            self.away.put_file(recording, folder / entry.name)
        arrived = {one.name: one.size for one in self.away.entries(recording)}
        if arrived != {one.name: one.size for one in entries}:
            raise VaultError("not every file of the recording has arrived")
        self.here.remove(recording)
        return True

    def destroy(self, recording: str) -> None:
        """Destroy a recording wherever it lies. May be repeated. Raises VaultError."""
        self.here.destroy(recording)
        if self.away is not None:
            self.away.destroy(recording)
