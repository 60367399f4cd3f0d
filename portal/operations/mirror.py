"""The vault's copy in a backup folder: recordings are encrypted already, so they are copied as they are."""

from collections.abc import Callable
from pathlib import Path

from portal.recordings.vault import ENTRY, Files

Destroyed = Callable[[str], bool]
"""Whether a recording was destroyed on purpose. One that is merely missing stays in the copy."""


class Mirror:
    """Copies what is new, and destroys what was destroyed."""

    def __init__(self, vault: Path, destroyed: Destroyed) -> None:
        self._vault = Files(vault)
        self._destroyed = destroyed

    def update(self, to: Path) -> int:
        """Bring the copy up to date; gives how many recordings it holds. Raises OSError, VaultError."""
        copy = Files(to)
        for recording in copy.recordings():
            if self._destroyed(recording):
                copy.destroy(recording)
        for recording in self._vault.recordings():
            if _finished(self._vault.folder(recording)) and not self._destroyed(recording):
                self._copy(recording, copy)
        return len(list(copy.recordings()))

    def put_back(self, source: Path) -> int:
        """Fill the vault from a copy; gives how many recordings came. Raises OSError, VaultError."""
        return Mirror(source, self._destroyed).update(self._vault.root)

    def _copy(self, recording: str, copy: Files) -> None:
        there = {(one.name, one.size) for one in copy.entries(recording)}
        for entry in self._vault.entries(recording):
            if (entry.name, entry.size) not in there or entry.name == "manifest.jsonl":
                copy.put_file(recording, self._vault.folder(recording) / entry.name)


def _finished(folder: Path) -> bool:
    """A recording that is being written has files beside those of a finished one."""
    return all(ENTRY.fullmatch(path.name) for path in folder.iterdir())
