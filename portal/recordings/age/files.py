"""Whole files: encrypt, decrypt and read anywhere, in constant memory."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO, Protocol, Self

from portal.recordings.age.diagnosis import explain
from portal.recordings.age.errors import ChunkRefused, HeaderDamaged, PayloadDamaged
from portal.recordings.age.header import Header, header_at, new_file_key, wrap
from portal.recordings.age.keys import Identity, Recipient
from portal.recordings.age.payload import CHUNK, NONCE, SEALED, TAG, Payload, chunks_of, new_nonce, plaintext_size

_BATCH = 16
"""Chunks that are read and written at once: 1 MiB."""


class Target(Protocol):
    """Where bytes are written to."""

    def write(self, data: memoryview, /) -> object:
        """Take all of the data."""


def encrypt(source: BinaryIO, target: Target, recipients: Sequence[Recipient]) -> int:
    """Encrypt a whole file; `target` is written in another thread. Gives the bytes of plaintext.

    Raises:
        RecipientsRefused
    """
    file_key, nonce = new_file_key(), new_nonce()
    target.write(memoryview(wrap(file_key, recipients) + nonce))
    payload = Payload(file_key, nonce)
    plain = memoryview(bytearray((_BATCH + 1) * CHUNK))
    held, index, total = 0, 0, 0
    with _Behind(target, (_BATCH + 1) * SEALED) as behind:
        while True:
            filled = held + _fill(source, plain[held:])
            total += filled - held
            ended = filled < len(plain)
            # One chunk is held back unless the source has ended, since only then is it known to be the last one.
            ready = chunks_of_plaintext(filled) if ended else _BATCH
            sealed, size = behind.space, 0
            for at in range(ready):
                chunk = plain[at * CHUNK : min((at + 1) * CHUNK, filled)]
                place = sealed[at * SEALED : at * SEALED + len(chunk) + TAG]
                size += payload.seal_into(index + at, chunk, place, last=ended and at == ready - 1)
            behind.write(size)
            if ended:
                return total
            index += ready
            plain[:CHUNK] = plain[_BATCH * CHUNK :]
            held = CHUNK


def chunks_of_plaintext(size: int) -> int:
    """How many chunks a last stretch of plaintext makes: an empty one makes one."""
    return max(1, -(-size // CHUNK))


def decrypt(source: BinaryIO, target: Target, identities: Collection[Identity]) -> int:
    """Decrypt a whole file; `target` is written in another thread. Gives the bytes of plaintext.

    Only authentic plaintext is written, but it is not the whole of it if PayloadDamaged is raised at the end: the
    exception says how much was written.

    Raises:
        NotAgeFile, HeaderDamaged, WrongKey, HeaderForged: nothing was written.
        PayloadDamaged: the message tells what is wrong.
    """
    header = Header.read(source.readline)
    payload = payload_of(header, source.read(NONCE), identities)
    sealed = memoryview(bytearray((_BATCH + 1) * SEALED))
    held, index, total = 0, 0, 0
    with _Behind(target, (_BATCH + 1) * CHUNK) as behind:
        while True:
            filled = held + _fill(source, sealed[held:])
            ended = filled < len(sealed)
            ready = max(1, chunks_of(filled)) if ended else _BATCH
            plain, size = behind.space, 0
            for at in range(ready):
                chunk = sealed[at * SEALED : min((at + 1) * SEALED, filled)]
                last = ended and at == ready - 1
                try:
                    size += _open(payload, index + at, chunk, plain[at * CHUNK :], last=last)
                except ChunkRefused as error:
                    behind.write(size)
                    why = explain(payload, index + at, bytes(chunk), last=last)
                    raise PayloadDamaged(why, chunk=index + at, released=total + size) from error
            behind.write(size)
            total += size
            if ended:
                return total
            index += ready
            sealed[:SEALED] = sealed[_BATCH * SEALED :]
            held = SEALED


class Reader:
    """Random access to the plaintext of an encrypted file: only the chunks that are asked for are fetched."""

    def __init__(self, read_at: Callable[[int, int], bytes], size: int, identities: Collection[Identity]) -> None:
        """Open the header.

        Args:
            read_at: gives the bytes from an offset, so many or fewer where the file ends.
            size: bytes of the whole encrypted file.

        Raises:
            AgeError: the header cannot be opened, or no age file has this size.
        """
        self._read_at = read_at
        header = header_at(read_at)
        self._start = len(header.raw) + NONCE
        self._payload = payload_of(header, read_at(len(header.raw), NONCE), identities)
        self._sealed = size - self._start
        self.chunks = max(1, chunks_of(self._sealed))
        try:
            self.size = plaintext_size(self._sealed)
        except ChunkRefused as error:
            whole = max(0, self.chunks - 1)
            raise PayloadDamaged(str(error), chunk=whole, released=whole * CHUNK) from error

    def chunk(self, index: int) -> bytes:
        """The plaintext of one chunk. Raises PayloadDamaged."""
        return self._chunks(index, index)

    def read(self, start: int, length: int) -> bytes:
        """Plaintext from `start`, shorter where the file ends, fetched in one stretch. Raises PayloadDamaged."""
        end = min(start + length, self.size)
        if start < 0 or end <= start:
            return b""
        first, final = start // CHUNK, (end - 1) // CHUNK
        return self._chunks(first, final)[start - first * CHUNK : end - first * CHUNK]

    def _chunks(self, first: int, final: int) -> bytes:
        at = self._start + first * SEALED
        sealed = self._read_at(at, min((final + 1) * SEALED, self._sealed) - first * SEALED)
        return b"".join(
            self._opened(index, sealed[(index - first) * SEALED : (index - first + 1) * SEALED])
            for index in range(first, final + 1)
        )

    def _opened(self, index: int, sealed: bytes) -> bytes:
        last = index == self.chunks - 1
        try:
            return self._payload.open(index, sealed, last=last)
        except ChunkRefused as error:
            reason = explain(self._payload, index, sealed, last=last)
            raise PayloadDamaged(reason, chunk=index, released=index * CHUNK) from error


class _Behind:
    """Writes one batch in a thread of its own while the next one is made. There are two spaces to make them in."""

    def __init__(self, target: Target, size: int) -> None:
        self._target = target
        self._spaces = [memoryview(bytearray(size)) for _ in range(2)]
        self._pool = ThreadPoolExecutor(1, "age")
        self._writing: Future[object] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._pool:
            self._wait()

    @property
    def space(self) -> memoryview:
        """Where the next batch may be made: nothing of it is being written."""
        return self._spaces[0]

    def write(self, size: int) -> None:
        """Write so much of the space once the batch before it is written. Raises what the target raises."""
        self._wait()
        self._writing = self._pool.submit(self._target.write, self._spaces[0][:size])
        self._spaces.reverse()

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()


def payload_of(header: Header, nonce: bytes, identities: Collection[Identity]) -> Payload:
    """What opens the chunks behind this header and nonce. Raises WrongKey, HeaderForged, HeaderDamaged."""
    file_key = header.unwrap(identities)
    if len(nonce) != NONCE:
        raise HeaderDamaged("the file ends right behind its header")
    return Payload(file_key, nonce)


def _fill(source: BinaryIO, space: memoryview) -> int:
    """Read until the space is full or the source ends: pipes give less than one asks for."""
    filled = 0
    while filled < len(space):
        got = source.readinto(space[filled:])  # type: ignore[attr-defined]
        if not got:
            break
        filled += got
    return filled


def _open(payload: Payload, index: int, sealed: memoryview, space: memoryview, *, last: bool) -> int:
    """Open one chunk. The last one of several is never empty."""
    if len(sealed) < TAG or (last and index > 0 and len(sealed) == TAG):
        raise ChunkRefused("a chunk is missing or empty")
    return payload.open_into(index, sealed, space[: len(sealed) - TAG], last=last)
