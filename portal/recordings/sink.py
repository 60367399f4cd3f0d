"""The live writer: media bytes become a complete age file as they arrive, whatever happens meanwhile.

On disk, for a sink named `p1-1.webm`:

- `p1-1.webm.age`: header, nonce, and every whole chunk but the newest;
- `p1-1.webm.age.live`: chunk N, the newest whole one, sealed as the last of the file (the end); and the open chunk,
  N + 1, as a small age file of its own (the tail), written anew at every tick. `portal.recordings.live` says how;
- `p1-1.webm.age.reserve`: room that is given free when the disk is full, so that the file can be ended.

Whoever cuts the first to N chunks and appends the end has a complete age file, and needs no key for it. The tail goes
on where that ends. `portal.recordings.recovery` does just that. `close` leaves only the first, complete and without a
byte of padding. No place of a file is ever sealed with two plaintexts: chunk N is sealed once as "not last" and once as
"last", which are two places.

**Durability.** What was written before a tick survives a killed process, and a loss of power, when the tick returns:
what stands before an end is flushed to the disk (fdatasync) before the end is written, and end and tail are flushed
before the tick returns, while those before them stay as they were. Call `tick` at least twice a second; it acts every
half second.

**Threads.** A sink belongs to one thread at a time, and every method but `durable_*` may wait for the disk: call it
from a thread or an executor of its own, never from an event loop.
"""

import errno
import fcntl
import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Self

from portal.recordings.age import CHUNK, NONCE, SEALED, Payload, Recipient
from portal.recordings.age.header import new_file_key, wrap
from portal.recordings.age.payload import new_nonce
from portal.recordings.files import Names, create, flush_names, write_all
from portal.recordings.live import Live
from portal.recordings.recovery import repair

TICK_SECONDS = 0.5
"""How often the open chunk is written down, in whatever seconds the caller's `now` counts."""
_RESERVE = 8 * SEALED


class SinkFailed(Exception):
    """Nothing more can be written. The message says why in plain words; what was written is a whole file."""


class SinkClosed(Exception):
    """The sink was closed, or has failed before."""


@dataclass(frozen=True)
class Closed:
    """What a finished file is, for the manifest."""

    file: str
    seconds: float
    chunks: int
    plaintext_bytes: int
    bytes: int
    sha256: str
    """Of the whole file."""
    payload_sha256: str
    """Of what follows the header; stays the same when the header is written anew for others."""


class Sink:
    """Writes one encrypted file. See the module for files, durability and threads."""

    def __init__(self, names: Names, recipients: Sequence[Recipient]) -> None:
        """Use `create`."""
        self._names, self._recipients = names, tuple(recipients)
        file_key, nonce = new_file_key(), new_nonce()
        self._header, self._nonce = wrap(file_key, self._recipients), nonce
        self._payload = Payload(file_key, nonce)
        self._tail_key = new_file_key()
        self._tail_header = wrap(self._tail_key, self._recipients)
        self._hashes = hashlib.sha256(self._header + nonce), hashlib.sha256(nonce)
        self._written = 0  # chunks in the main file
        self._newest: bytes | None = None  # the newest whole chunk, held back until another one is whole
        self._open = bytearray()  # what follows; only empty before the first byte
        self._ended = -1  # the chunk that the live file has as the end
        self._ticked: float | None = None
        self._seconds = self.durable_seconds = 0.0
        self.durable_bytes = 0
        self._closed = False
        self._file = create(names.main)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # tells recovery that somebody still writes
            self._live = Live(names.live, len(self._tail_header) + NONCE + SEALED)
            self._begin()
        except OSError:
            os.close(self._file)
            for path in (names.main, names.reserve, names.live):
                path.unlink(missing_ok=True)
            raise

    @classmethod
    def create(cls, folder: Path, name: str, recipients: Sequence[Recipient]) -> Self:
        """Begin a file, such as "p1-1.webm".

        Raises:
            RecipientsRefused: these recipients cannot share a file.
            SinkFailed: the disk is full or the folder cannot be written; nothing is left behind.
        """
        try:
            return cls(Names(folder, name), recipients)
        except OSError as error:
            raise SinkFailed(reason(error)) from error

    @property
    def bytes_taken(self) -> int:
        """Plaintext bytes that were handed over so far."""
        return self._whole * CHUNK + len(self._open)

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Take media bytes. Gives their number, as files do. Raises SinkFailed once, SinkClosed after that."""
        self._check()
        self._open += data
        try:
            while len(self._open) > CHUNK:
                self._turn()
        except OSError as error:
            self._fail(error)
        return len(data)

    def mark(self, media_seconds: float) -> None:
        """Everything up to this time of the media has been handed over."""
        self._seconds = media_seconds

    def tick(self, now: float) -> bool:
        """Make durable what was handed over, if half a second has gone by. Gives whether it did.

        Args:
            now: seconds of any steady clock.

        Raises:
            SinkFailed: once, then SinkClosed.
        """
        self._check()
        if self._ticked is not None and 0 <= now - self._ticked < TICK_SECONDS:
            return False
        self._ticked = now
        self.flush()
        return True

    def flush(self) -> None:
        """Make durable what was handed over, now. Raises SinkFailed once, SinkClosed after that."""
        self._check()
        try:
            self._keep()
        except OSError as error:
            self._fail(error)
        self.durable_bytes, self.durable_seconds = self.bytes_taken, self._seconds

    def close(self) -> Closed:
        """End the file. Raises SinkFailed, SinkClosed."""
        self.flush()
        try:
            return self._finish()
        except OSError as error:
            self._fail(error)

    @property
    def _whole(self) -> int:
        """Whole chunks so far, the one held back counted."""
        return self._written + (self._newest is not None)

    def _check(self) -> None:
        if self._closed:
            raise SinkClosed("this sink was closed, or has failed before")

    def _begin(self) -> None:
        """The tail comes first: whenever the process is killed, what is found is either nothing or a whole file."""
        try:
            self._keep()
            handle = create(self._names.reserve)
            try:
                write_all(handle, bytes(_RESERVE))  # real bytes, since a hole reserves nothing
            finally:
                os.close(handle)
            write_all(self._file, self._header + self._nonce)
            flush_names(self._names.folder)
        except OSError:
            self._live.close()
            raise

    def _turn(self) -> None:
        """The open chunk is full and more follows: it becomes the newest, and the one before goes to the file."""
        self._append_newest()
        self._newest = bytes(self._open[:CHUNK])
        del self._open[:CHUNK]

    def _append_newest(self) -> None:
        if self._newest is None:
            return
        sealed = self._payload.seal(self._written, self._newest, last=False)
        write_all(self._file, sealed)
        for one in self._hashes:
            one.update(sealed)
        self._written, self._newest = self._written + 1, None

    def _keep(self) -> None:
        """Write down the end and the tail. What stands before the end must be on the disk first."""
        if self._newest is not None and self._ended != self._written:
            os.fdatasync(self._file)
            self._live.end(self._written, self._payload.seal(self._written, self._newest, last=True))
            self._ended = self._written
        nonce = new_nonce()  # and with it a fresh payload key; the file key is wrapped only once, which is what costs
        sealed = Payload(self._tail_key, nonce).seal(0, self._open, last=True)
        self._live.tail(self._whole, self._tail_header, nonce, sealed)
        self._live.flush()

    def _finish(self) -> Closed:
        """Write what is left. The live file goes first: without it, the file counts as complete."""
        self._append_newest()
        last = self._payload.seal(self._written, self._open, last=True)
        write_all(self._file, last)
        os.fdatasync(self._file)
        for one in self._hashes:
            one.update(last)
        taken = self.bytes_taken
        for path in (self._names.live, self._names.reserve):
            path.unlink(missing_ok=True)
        size = os.fstat(self._file).st_size
        self._stop()
        self.durable_bytes, self.durable_seconds = taken, self._seconds
        whole, payload = (one.hexdigest() for one in self._hashes)
        return Closed(self._names.main.name, self._seconds, self._written + 1, taken, size, whole, payload)

    def _fail(self, error: OSError) -> NoReturn:
        """Give the reserve free and end the file, with everything that was handed over if it fits."""
        try:
            self._names.reserve.unlink(missing_ok=True)
            os.ftruncate(self._file, len(self._header) + len(self._nonce) + self._written * SEALED)
            while len(self._open) > CHUNK:
                self._turn()
            self._finish()
        except OSError:
            if not self._closed:
                self._stop()
            with suppress(OSError):  # else the next recovery does it
                repair(self._names)
        raise SinkFailed(reason(error)) from error

    def _stop(self) -> None:
        self._closed = True
        os.close(self._file)
        self._live.close()


def reason(error: OSError) -> str:
    """Why the disk refused, in plain words."""
    known = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the disk quota is used up",
        errno.EFBIG: "the file has reached the largest size that is allowed",
        errno.EROFS: "the disk can only be read",
        errno.EACCES: "the folder may not be written",
        errno.EIO: "the disk has failed",
        errno.EMFILE: "too many files are open",
    }
    return known.get(error.errno or 0, f"the disk refused to write ({os.strerror(error.errno or errno.EIO)})")
