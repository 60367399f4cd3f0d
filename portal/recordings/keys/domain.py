"""The team's keys: who will be able to open a recording, and the wrapped copies by which she opens her key.

The secret half of a key is made in its owner's browser and never reaches the server. What does reach it are the public
half and small age files that only her passphrase or her passkey opens.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.recordings.age import Kind, Recipient
from portal.recordings.keys.errors import KeyRefused, NotReadyToRecord
from portal.recordings.keys.words import words_of
from portal.sentence import said

LARGEST_WRAP = 4096
MOST_WRAPS = 12
_INTRO = b"age-encryption.org/v1\n"
_STANZAS = {"passphrase": b"-> scrypt ", "passkey": b"-> age-encryption.org/fido2prf "}
_PASSKEY, _NONE = re.compile(r"AGE-PLUGIN-FIDO2PRF-1[0-9A-Z]{20,2000}"), re.compile("")
_WEAKEST, _STRONGEST = 17, 20
"""Work factors (log2 of scrypt's N) that we take: below, guessing is cheap; above, browsers refuse."""


class KeyKind(StrEnum):
    """Whose key it is."""

    MEMBER = "member"
    RECOVERY = "recovery"


class Standing(StrEnum):
    """Where a key stands, derived from its dates."""

    WAITING = "waiting"
    IN_USE = "in-use"
    RETIRED = "retired"


class WrapKind(StrEnum):
    """What opens a wrapped copy."""

    PASSPHRASE = "passphrase"  # noqa: S105 - the word, not one
    PASSKEY = "passkey"


@dataclass(frozen=True)
class TeamKey:
    """A public key. `owner` is a member's number, or None for the study's recovery key."""

    id: int
    kind: KeyKind
    owner: int | None
    recipient: Recipient
    registered_at: datetime
    registered_by: int | None
    confirmed_at: datetime | None
    confirmed_by: int | None
    retired_at: datetime | None
    threshold: int | None
    shares: int | None

    @property
    def standing(self) -> Standing:
        """Recordings go to it only while it is in use."""
        if self.retired_at:
            return Standing.RETIRED
        return Standing.IN_USE if self.confirmed_at else Standing.WAITING

    @property
    def words(self) -> tuple[str, ...]:
        """Its fingerprint in words."""
        return words_of(self.recipient.fingerprint)


@dataclass(frozen=True)
class NewWrap:
    """A wrapped copy as the browser sends it: an age file in base64, and for a passkey what finds it again."""

    kind: WrapKind
    name: str
    blob: str
    passkey: str = ""

    def check(self) -> None:
        """Raises KeyRefused unless it has the form of what our page makes. Only its owner can tell whether it opens."""
        if not 1 <= len(self.name) <= 80 or not self.name.isprintable():
            raise KeyRefused("give the way in a name of 1 to 80 letters")
        _check_file(self.kind, self.blob)
        wanted = _PASSKEY if self.kind is WrapKind.PASSKEY else _NONE
        if not wanted.fullmatch(self.passkey):
            raise KeyRefused("a passkey's copy must say which passkey opens it, and no other copy may")


@dataclass(frozen=True)
class Wrap:
    """A wrapped copy that the server keeps."""

    id: int
    key_id: int
    kind: WrapKind
    name: str
    blob: str
    passkey: str
    added_at: datetime


def check_wraps(wraps: Sequence[NewWrap]) -> None:
    """Raises KeyRefused. A passkey alone never does: it gets lost, and some return another secret some day."""
    if not any(one.kind is WrapKind.PASSPHRASE for one in wraps):
        raise KeyRefused("a key needs a passphrase beside any passkey")
    if len(wraps) > MOST_WRAPS:
        raise KeyRefused(f"a key has at most {MOST_WRAPS} ways in")
    for one in wraps:
        one.check()


@dataclass(frozen=True)
class Recipients:
    """The public keys of members, and the study's recovery key."""

    members: tuple[Recipient, ...]
    recovery: Recipient


def kind_among(keys: Sequence[TeamKey]) -> Kind | None:
    """The kind that a new key must have, since one file never mixes two; None while no key is there to go by."""
    return next((one.recipient.kind for one in reversed(keys) if one.standing is not Standing.RETIRED), None)


def recipients_among(keys: Sequence[TeamKey]) -> Recipients:
    """To whom the next recording is encrypted.

    Raises:
        NotReadyToRecord: with what to do, in words for the interviewer.
    """
    used = [one for one in keys if one.standing is Standing.IN_USE]
    members = [one.recipient for one in used if one.kind is KeyKind.MEMBER]
    recovery = [one.recipient for one in used if one.kind is KeyKind.RECOVERY]
    if not recovery:
        raise NotReadyToRecord(
            said(
                "This study has no recovery key in use yet, so nothing can be recorded. "
                "Please ask the study's lead to open “Recipients” in the workspace."
            )
        )
    if not members:
        raise NotReadyToRecord(
            said(
                "Nobody in the team has a key in use yet, so nobody could open the recording. "
                "Please make your key under “Recordings” in the workspace and let a colleague confirm it."
            )
        )
    return Recipients(tuple(members), recovery[-1])


def _check_file(kind: WrapKind, blob: str) -> None:
    try:
        data = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyRefused("a wrapped copy is not base64") from error
    head, found, _ = data.partition(b"\n---")
    lines = head.split(b"\n")
    stanzas = [line for line in lines if line.startswith(b"-> ")]
    if len(data) > LARGEST_WRAP or not found or not data.startswith(_INTRO) or len(stanzas) != 1:
        raise KeyRefused("a wrapped copy is not a small age file with one way to open it")
    if not stanzas[0].startswith(_STANZAS[kind.value]):
        raise KeyRefused(f"a wrapped copy is not one for a {kind.value}")
    if kind is WrapKind.PASSPHRASE:
        _check_work(stanzas[0])


def _check_work(stanza: bytes) -> None:
    last = stanza.split(b" ")[-1]
    if not last.isdigit() or len(last) > 2 or not _WEAKEST <= int(last) <= _STRONGEST:
        raise KeyRefused("a passphrase's copy is too cheap or too dear to guess at")
