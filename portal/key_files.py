"""Files that hold a key: only the portal may read them, and they are whole or not there."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def load_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """What the file holds, made (mode 0600) if there is none. Two processes that start at once agree."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        write_new(path, make())
    return path.read_bytes()


def write_new(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write the file, and leave one that another process made first."""
    draft = _written(path, data, mode)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def write_over(path: Path, data: bytes) -> None:
    """Write the file (mode 0600) in place of the one that is there."""
    _written(path, data, 0o600).replace(path)


def _written(path: Path, data: bytes, mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return draft
