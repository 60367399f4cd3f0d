"""Why a recording cannot go on."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from portal.recordings import age, manifest
from portal.recordings.sink import SinkFailed


class WriterFailed(Exception):
    """The recording cannot go on. `code` is of docs/rooms-protocol.md: `disk_full` or `error`."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@contextmanager
def as_writer_failed() -> Iterator[None]:
    """Whatever the disk, the keys or the manifest refuse in the block becomes a WriterFailed."""
    try:
        yield
    except (SinkFailed, OSError) as error:
        full = any(word in str(error) for word in ("full", "quota")) or getattr(error, "errno", None) == errno.ENOSPC
        raise WriterFailed("disk_full" if full else "error", str(error)) from error
    except (age.AgeError, manifest.ManifestBusy, manifest.ManifestDamaged) as error:
        raise WriterFailed("error", str(error)) from error
