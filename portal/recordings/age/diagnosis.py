"""Why a chunk does not open, in words that tell what to do."""

from portal.recordings.age.errors import ChunkRefused
from portal.recordings.age.payload import SEALED, TAG, Payload

_NEAR = 1000
"""Places that are tried on both sides for a chunk that was moved: 64 MB of recording each way."""


def explain(payload: Payload, index: int, sealed: bytes, *, last: bool) -> str:
    """What happened to a chunk that does not open at its place, as far as anybody can tell.

    Args:
        last: whether the file ends with it.
    """
    if last and len(sealed) <= TAG and index > 0:
        return "the file was cut: its last chunk is missing"
    if _opens(payload, index, sealed, last=not last):
        if last:
            return f"the file was cut behind chunk {index}: what follows is missing"
        return f"something was appended to the file: it ends with chunk {index}"
    moved = _found_at(payload, index, sealed)
    if moved is not None:
        return f"chunks were reordered: chunk {moved} stands where chunk {index} belongs"
    return _altered(index, cut=last and len(sealed) < SEALED)


def _found_at(payload: Payload, index: int, sealed: bytes) -> int | None:
    """The place that the chunk was sealed for, if it is another one nearby."""
    for place in range(max(0, index - _NEAR), index + _NEAR):
        if place != index and _opens(payload, place, sealed, last=False):
            return place
    return None


def _altered(index: int, *, cut: bool) -> str:
    if index == 0:
        return "the first chunk does not open: it was altered or cut, or the header belongs to another file"
    if cut:
        return f"the file was cut within chunk {index}, or that chunk was altered"
    return f"chunk {index} was altered"


def _opens(payload: Payload, index: int, sealed: bytes, *, last: bool) -> bool:
    try:
        payload.open(index, sealed, last=last)
    except ChunkRefused:
        return False
    return True
