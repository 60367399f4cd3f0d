"""Notes with time codes that only the team's keys open."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

from portal.recordings.age import AgeError, Header, Kind
from portal.recordings.playback.errors import NoteRefused

LARGEST_NOTE = 48_000
"""Bytes of a sealed note: some 5,000 words and a header for a dozen hybrid keys."""


@dataclass(frozen=True)
class Note:
    """A sealed note: an age file in base64."""

    id: int
    author: int
    at: datetime
    sealed: str


def check_note(sealed: str) -> None:
    """Raises NoteRefused unless it is an age file for public keys, so that no plain text is kept by mistake."""
    try:
        data = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteRefused("a sealed note is base64") from error
    if len(data) > LARGEST_NOTE:
        raise NoteRefused("the note is too long: make two of it")
    lines = data.splitlines(keepends=True)
    try:
        header = Header.read(lambda most: lines.pop(0)[:most] if lines else b"")
    except AgeError as error:
        raise NoteRefused("a sealed note is an age file") from error
    if not header.stanzas or any(one.kind not in set(Kind) for one in header.stanzas):
        raise NoteRefused("a note is sealed to the team's public keys")
