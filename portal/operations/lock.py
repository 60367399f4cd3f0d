"""One backup or restore at a time, so that what an earlier one left behind can be told from what is being written."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.operations.errors import BackupRuns

_NAME = ".backup.lock"


@contextmanager
def alone(instance: Path) -> Iterator[None]:
    """Nobody else on this machine makes a backup of the instance, or puts one back, within the block. It ends with the
    process, too.

    Raises:
        BackupRuns: somebody does already.
    """
    handle = os.open(instance / _NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupRuns("a backup is being made or put back at this moment: wait until it is done") from error
        yield
    finally:
        os.close(handle)
