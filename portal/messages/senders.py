"""What a way of sending must do, and the one that writes files."""

from pathlib import Path
from typing import Protocol

from portal.messages.domain import Channel, Letter
from portal.messages.errors import ServiceDown
from portal.messages.mime import as_email


class Sender(Protocol):
    """Hands letters over. Used by one thread."""

    def send(self, letter: Letter) -> None:
        """Returns when the letter was taken.

        Raises:
            NotSent: not now. Refused: not to this address, ever. HalfSent: cut off, perhaps taken.
            ServiceDown: no letter is to blame.
        """

    def close(self) -> None:
        """No more letters for now."""


class NoService:
    """For a way of sending that is not set up (any more): what waits, waits, and the status page shows it as late."""

    def send(self, letter: Letter) -> None:
        """Raises ServiceDown."""
        raise ServiceDown(f"nothing is set up for {letter.channel.value}")

    def close(self) -> None:
        """Nothing is open."""


class FileSender:
    """Writes each letter to a file in a folder, for a demonstration or a first look."""

    def __init__(self, folder: Path, mail_from: str) -> None:
        self._folder = folder
        self._mail_from = mail_from

    def send(self, letter: Letter) -> None:
        """Raises ServiceDown: the disk is full or the folder cannot be written."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._folder / f"{letter.message_id}{'.txt' if letter.channel is Channel.SMS else '.eml'}"
            path.touch(mode=0o600)
            path.write_bytes(self._content(letter))
        except OSError as error:
            raise ServiceDown(type(error).__name__) from error

    def close(self) -> None:
        """Nothing is open."""

    def _content(self, letter: Letter) -> bytes:
        if letter.channel is Channel.SMS:
            return f"To: {letter.to}\n\n{letter.text}".encode()
        return as_email(letter, self._mail_from).as_bytes()
