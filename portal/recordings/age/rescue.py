"""What can still be had from a damaged file: every chunk that is authentic at its place, and a list of what is not."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from portal.recordings.age.diagnosis import explain
from portal.recordings.age.errors import ChunkRefused
from portal.recordings.age.files import Target, payload_of
from portal.recordings.age.header import header_at
from portal.recordings.age.keys import Identity
from portal.recordings.age.payload import CHUNK, NONCE, SEALED, TAG, Payload, chunks_of


@dataclass(frozen=True)
class Hole:
    """Plaintext that is lost. Zeros stand for it, so that what follows keeps its place."""

    start: int
    length: int
    why: str


def rescue(
    read_at: Callable[[int, int], bytes], size: int, identities: Collection[Identity], target: Target
) -> list[Hole]:
    """Write every authentic chunk of an encrypted file, and zeros for those that are not.

    Args:
        read_at: gives the bytes from an offset, so many or fewer where the file ends.
        size: bytes of the whole encrypted file.

    Raises:
        NotAgeFile, HeaderDamaged, WrongKey, HeaderForged: nothing can be had.
    """
    header = header_at(read_at)
    payload = payload_of(header, read_at(len(header.raw), NONCE), identities)
    start, holes = len(header.raw) + NONCE, list[Hole]()
    chunks = chunks_of(max(0, size - start))
    for index in range(chunks):
        sealed = read_at(start + index * SEALED, SEALED)
        last = index == chunks - 1
        chunk, as_last = _opened(payload, index, sealed)
        lost = (max(0, len(sealed) - TAG) if last else CHUNK) if chunk is None else 0
        if chunk is None or as_last != last or (index > 0 and not chunk):
            holes.append(Hole(index * CHUNK, lost, explain(payload, index, sealed, last=last)))
        target.write(memoryview(bytes(lost) if chunk is None else chunk))
    if not chunks:
        holes.append(Hole(0, 0, "the file was cut: its first chunk is missing"))
    return holes


def _opened(payload: Payload, index: int, sealed: bytes) -> tuple[bytes | None, bool]:
    """The chunk if it belongs here, and whether it was sealed as the last one."""
    for last in (False, True):
        try:
            return payload.open(index, sealed, last=last), last
        except ChunkRefused:
            continue
    return None, False
