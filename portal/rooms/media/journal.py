"""What happened in a room, as JSON lines under pseudonyms: for the web process to catalogue, and for the next media
process to go on from after a crash. The events and their fields are listed in docs/rooms-protocol.md.
"""

import json
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger(__name__)

Value = str | int | float | bool | None


class Journals:
    """All rooms' journals in one folder. Lines are written and synced in order, in a thread of their own."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._clock = folder, clock
        self._writer = ThreadPoolExecutor(1, "journal")
        self.failures = 0

    def note(self, room: str, event: str, **fields: Value) -> None:
        """Write a line soon. A disk that refuses is logged and counted, and the call goes on."""
        at = self._clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"at": at, "room": room, "event": event, **fields}, separators=(",", ":")) + "\n"
        self._writer.submit(self._write, room, line).add_done_callback(self._written)

    def lines(self, room: str) -> Iterator[dict[str, Value]]:
        """The room's lines so far. A last line that a crash tore off is left out."""
        self.flush()
        try:
            text = self._path(room).read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        for line in text.splitlines():
            try:
                fields = json.loads(line)
            except ValueError:
                continue
            yield fields

    def flush(self) -> None:
        """Wait until everything noted so far is on the disk."""
        self._writer.submit(int).result()

    def close(self) -> None:
        """Write what waits, and end the thread."""
        self._writer.shutdown()

    def _path(self, room: str) -> Path:
        return self._folder / f"{room}.jsonl"

    def _write(self, room: str, line: str) -> None:
        handle = os.open(self._path(room), os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            os.write(handle, (("\n" if torn else "") + line).encode("utf-8"))
            os.fdatasync(handle)
        finally:
            os.close(handle)

    def _written(self, done: "Future[None]") -> None:
        error = done.exception()
        if error is not None:
            self.failures += 1
            log.error("a journal line could not be written: %s", error)
