"""A ZIP file as it is made, piece by piece: the same contents give the same bytes, and memory stays flat."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO, cast

_EPOCH = (1980, 1, 1, 0, 0, 0)


class Archive:
    """Yields the archive's bytes while members are added, and keeps each member's SHA-256."""

    def __init__(self) -> None:
        self._out = _Collected()
        self._zip = zipfile.ZipFile(cast("IO[bytes]", self._out), "w", zipfile.ZIP_DEFLATED)
        self.members: dict[str, str] = {}

    def add(self, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Add a member. The bytes so far come out as they are compressed."""
        info = zipfile.ZipInfo(name, _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        digest = hashlib.sha256()
        with self._zip.open(info, "w") as member:
            for piece in pieces:
                digest.update(piece)
                member.write(piece)
                yield self._out.take()
        self.members[name] = digest.hexdigest()
        yield self._out.take()

    def finish(self) -> Iterator[bytes]:
        """The end of the archive."""
        self._zip.close()
        yield self._out.take()


class _Collected(io.RawIOBase):
    """What zipfile writes to: it cannot be wound back, so the archive needs no second pass."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces = bytearray()

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: object) -> int:
        """Keep the bytes until they are taken."""
        piece = bytes(data)  # type: ignore[call-overload]
        self._pieces += piece
        return len(piece)

    def take(self) -> bytes:
        """What came since the last time."""
        taken = bytes(self._pieces)
        self._pieces.clear()
        return taken
