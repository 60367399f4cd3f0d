"""Reads back the messages that became files, for the demonstration."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

NEWEST = 200


@dataclass(frozen=True)
class Filed:
    """A message that became a file."""

    name: str
    to: str
    sender: str
    subject: str
    """Empty for a text message."""
    text: str
    html: str
    files: tuple[str, ...]
    at: datetime


def read_filed(folder: Path) -> list[Filed]:
    """The newest messages in the folder, newest first."""
    found = [path for path in folder.glob("*") if path.suffix in (".eml", ".txt")]
    found.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return [_read(path) for path in found[:NEWEST]]


def _read(path: Path) -> Filed:
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    content = path.read_bytes()
    if path.suffix == ".txt":
        head, _, text = content.decode("utf-8").partition("\n\n")
        return Filed(path.stem, head.removeprefix("To: "), "", "", text, "", (), at)
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what this policy makes
    files = tuple(part.get_filename() or "" for part in message.iter_attachments())
    return Filed(
        path.stem, str(message["To"]), str(message["From"]), str(message["Subject"]), _part(message, "plain"),
        _part(message, "html"), files, at,
    )  # fmt: skip


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
