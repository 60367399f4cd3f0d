"""What a recording is, and the rule that must hold before one may start."""

import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.recordings.age import Recipient
from portal.recordings.errors import RecipientsMissing

FEWEST_RECIPIENTS = 2
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
RECORDING_ID = re.compile(f"[{_ALPHABET}]{{26}}")


def new_recording_id() -> str:
    """A fresh name for a recording: 130 random bits, safe in a path and a URL, and telling nothing."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(26))


def check_recipients(recipients: Sequence[Recipient], recovery: Collection[Recipient]) -> None:
    """Whether a recording may start for these recipients.

    Args:
        recovery: the study's recovery keys that are in force.

    Raises:
        RecipientsMissing: fewer than two different keys, none of them a recovery key, or two kinds of keys.
    """
    if not recovery:
        raise RecipientsMissing("the study has no recovery key yet: make one before the first recording")
    if not set(recipients) & set(recovery):
        raise RecipientsMissing("the study's recovery key is not among the keys of this recording")
    if len(set(recipients)) < FEWEST_RECIPIENTS:
        raise RecipientsMissing("a recording needs a team member's key beside the recovery key")
    if len({one.kind for one in recipients}) > 1:
        raise RecipientsMissing("the keys are of two kinds, which one file cannot have: renew the older ones")


@dataclass(frozen=True)
class Track:
    """One file of a recording: one person's camera and microphone during one part.

    Attributes:
        track: the person within the recording, such as "p1".
        role: "participant", "interviewer" or "other".
        part: a recording has one part for each stretch that was written into one file.
        file: name in the recording's folder without ".age", such as "p1-1.webm".
        media: "audio", "video" or "audio+video".
        codecs: such as "vp8+opus".
        start_ms: where it begins on the recording's clock.
        duration_ms: how long it is; after a crash as far as the manifest tells.
        bytes: size of the encrypted file.
        plaintext_bytes: size of what is in it.
        payload_sha256: hash (hex) of what follows the header.
        more: name of the encrypted file in which it goes on after a crash, or empty.
        more_sha256: hash (hex) of that file, or empty.
        problem: what is wrong with it in plain words, or empty.
    """

    track: str
    role: str
    part: int
    file: str
    media: str
    codecs: str
    start_ms: int
    duration_ms: int
    bytes: int
    plaintext_bytes: int
    payload_sha256: str
    more: str = ""
    more_sha256: str = ""
    problem: str = ""

    @property
    def encrypted_files(self) -> list[str]:
        """Names of the age files whose plaintexts, one after the other, are the track."""
        return [f"{self.file}.age", *([self.more] if self.more else [])]


@dataclass(frozen=True)
class Recording:
    """A recording as the catalogue knows it.

    Attributes:
        room: the opaque name of the room that it was made in.
        study_version: hash of the study's version that was in force.
        ended: False while it may still go on: nobody has ended it.
        recipients: fingerprints of the keys that open it now.
        interrupted: a crash or a full disk cut it short, and it was completed afterwards.
        discarded: somebody withdrew; it is to be destroyed, and files may be gone already.
        head: hash of the manifest's last line.
        problems: what a check of records against files found, in plain words; empty when all is well.
    """

    id: str
    room: str
    study_version: str
    opened_at: datetime
    duration_ms: int
    ended: bool
    tracks: tuple[Track, ...]
    recipients: frozenset[str]
    interrupted: bool
    discarded: bool
    head: str
    problems: tuple[str, ...] = ()
    destroyed_at: datetime | None = None

    @property
    def name(self) -> str:
        """What people call it: the moment it began, in UTC, with nothing personal."""
        return self.opened_at.strftime("%Y-%m-%d-%H%M")
