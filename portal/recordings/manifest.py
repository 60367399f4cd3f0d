"""The manifest: what happened in a recording, one JSON object a line, each line tied to the one before.

It holds no personal data: people are tracks with roles, times are milliseconds on the recording's own clock, which
starts at 0 with the recording. A line names the SHA-256 of the line before as `previous`, so none can be changed,
moved or left out; the catalogue keeps the hash of the last one, so none can be cut off. docs/recordings-format.md
lists the kinds and their fields.

A writer belongs to one thread and may wait for the disk.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from portal.canonical import canonical_json, sha256_hex
from portal.clock import Clock, now
from portal.recordings.files import create, write_all

FILE = "manifest.jsonl"
FORMAT = "portal-recording/1"
GENESIS = "0" * 64
LONGEST_LINE = 64 * 1024
Value = str | int | bool | None | list[str]

KINDS: Mapping[str, Mapping[str, type]] = {
    "opened": {"format": str, "recording": str, "room": str, "study": str, "recipients": list},
    "notice": {"track": str, "ms": int},
    "part": {"part": int, "ms": int},
    "track": {"track": str, "role": str, "part": int, "file": str, "media": str, "codecs": str, "ms": int},
    "clock": {"track": str, "media": str, "ntp": str, "rtp": int, "ms": int},
    "pause": {"ms": int},
    "resume": {"ms": int},
    "mute": {"track": str, "media": str, "ms": int, "muted": bool},
    "gap": {"track": str, "ms": int, "until_ms": int, "why": str},
    "loss": {"track": str, "media": str, "ms": int, "packets": int},
    "index": {"file": str, "ms": int, "byte": int},
    "closed": {
        "file": str, "ms": int, "chunks": int, "plaintext_bytes": int, "bytes": int, "sha256": str,
        "payload_sha256": str,
    },
    "failed": {"file": str, "why": str},
    "discarded": {"why": str},
    "ended": {"ms": int, "why": str},
    "recovered": {"file": str, "bytes": int, "payload_sha256": str, "more": str, "more_sha256": str, "problem": str},
    "rewrapped": {"file": str, "recipients": list},
}  # fmt: skip
"""Every kind of line and its fields. What is not here is refused, going in and coming out."""


class ManifestDamaged(Exception):
    """A manifest does not hold. The message names the line and what is wrong with it."""


class ManifestBusy(Exception):
    """A living process writes this recording."""


@dataclass(frozen=True)
class Line:
    """One line, checked."""

    number: int
    kind: str
    at: datetime
    fields: Mapping[str, Value]

    def text(self, name: str) -> str:
        """A field that is text."""
        return str(self.fields[name])

    def number_in(self, name: str) -> int:
        """A field that is a whole number."""
        value = self.fields[name]
        return value if isinstance(value, int) else 0

    def texts(self, name: str) -> list[str]:
        """A field that is a list of texts."""
        value = self.fields[name]
        return value if isinstance(value, list) else []


class Manifest:
    """Writes a manifest. Locked while it is open, so that recovery keeps away."""

    def __init__(self, path: Path, handle: int, number: int, head: str, clock: Clock) -> None:
        """Use `create` or `resume`."""
        self._path, self._handle, self._clock = path, handle, clock
        self.number, self.head = number, head

    @classmethod
    def create(cls, folder: Path, clock: Clock = now) -> Self:
        """Begin the manifest of a recording's folder. Raises OSError."""
        path = folder / FILE
        handle = create(path)
        _lock(handle)
        return cls(path, handle, 0, GENESIS, clock)

    @classmethod
    def resume(cls, folder: Path, clock: Clock = now) -> Self:
        """Go on with a manifest, after a crash or later. A torn last line is cut off.

        Raises:
            ManifestBusy, ManifestDamaged, OSError.
        """
        path = folder / FILE
        handle = os.open(path, os.O_RDWR | os.O_APPEND)
        try:
            _lock(handle)
            content = path.read_bytes()
            whole = content[: content.rfind(b"\n") + 1]
            number, head = 0, GENESIS
            for line, raw in _checked(whole):
                number, head = line.number, sha256_hex(raw)
            os.ftruncate(handle, len(whole))
        except BaseException:
            os.close(handle)
            raise
        return cls(path, handle, number, head, clock)

    def add(self, kind: str, **fields: Value) -> None:
        """Append a line. It survives the process at once, and a loss of power after the next `flush`.

        Raises:
            ValueError: the kind or its fields are not declared.
            OSError: the disk refused.
        """
        raw = _written(self.number + 1, self.head, self._clock(), kind, fields)
        start = os.fstat(self._handle).st_size
        try:
            write_all(self._handle, raw + b"\n")
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._handle, start)
            raise
        self.number, self.head = self.number + 1, sha256_hex(raw)

    def flush(self) -> None:
        """Wait until every line is on the disk. Raises OSError."""
        os.fdatasync(self._handle)

    def close(self) -> None:
        """Flush and let go. Raises OSError."""
        try:
            self.flush()
        finally:
            os.close(self._handle)


def read(content: bytes) -> list[Line]:
    """Every line of a whole manifest. Raises ManifestDamaged, naming the line."""
    return [line for line, _ in _checked(content)]


def head_of(content: bytes) -> str:
    """The hash of the last line: what the catalogue keeps. Raises ManifestDamaged."""
    head = GENESIS
    for _, raw in _checked(content):
        head = sha256_hex(raw)
    return head


def added(content: bytes, at: datetime, kind: str, **fields: Value) -> bytes:
    """A whole manifest with one more line, for one that does not lie on this machine. Raises ManifestDamaged."""
    return content + _written(len(read(content)) + 1, head_of(content), at, kind, fields) + b"\n"


def _written(number: int, previous: str, at: datetime, kind: str, fields: Mapping[str, Value]) -> bytes:
    _check(kind, fields)
    moment = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return canonical_json({"n": number, "previous": previous, "at": moment, "kind": kind, **fields})


def _checked(content: bytes) -> Iterator[tuple[Line, bytes]]:
    if content and not content.endswith(b"\n"):
        raise ManifestDamaged("the manifest's last line was cut off")
    previous = GENESIS
    for number, raw in enumerate(content.split(b"\n")[:-1], 1):
        line = _parsed(raw, number, previous)
        previous = sha256_hex(raw)
        yield line, raw


def _parsed(raw: bytes, number: int, previous: str) -> Line:
    try:
        if len(raw) > LONGEST_LINE:
            raise ValueError("it is too long")
        value = json.loads(raw)
        if not isinstance(value, dict) or canonical_json(value) != raw:
            raise ValueError("it is not written as the format says")
        if value.pop("n", None) != number or value.pop("previous", None) != previous:
            raise ManifestDamaged(f"line {number} of the manifest does not follow the one before: a line was changed")
        kind, at = str(value.pop("kind")), datetime.fromisoformat(value.pop("at"))
        _check(kind, value)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ManifestDamaged(f"line {number} of the manifest cannot be read: {error}") from error
    return Line(number, kind, at, value)


def _check(kind: str, fields: Mapping[str, object]) -> None:
    declared = KINDS.get(kind)
    if declared is None:
        raise ValueError(f"there is no line of kind {kind!r}")
    if set(fields) != set(declared):
        raise ValueError(f"a line of kind {kind} has the fields {sorted(declared)}")
    for name, wanted in declared.items():
        value = fields[name]
        if type(value) is not wanted or (isinstance(value, list) and not all(type(one) is str for one in value)):
            raise ValueError(f"the field {name} of {kind} must be {wanted.__name__}")


def _lock(handle: int) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ManifestBusy("a living process writes this recording") from error
