"""A recording's files and manifest. Everything here may wait for the disk and runs in one thread at a time.

The event loop hands over batches of orders; what comes back says how much is durable.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from portal.canonical import sha256_hex
from portal.recordings import age, manifest, recovery
from portal.recordings.manifest import Manifest
from portal.recordings.sink import SinkClosed, SinkFailed
from portal.rooms.media.discard import FOLDER
from portal.rooms.media.failures import WriterFailed, as_writer_failed
from portal.rooms.media.part_file import PartFile
from portal.rooms.media.recorded import Begin, Close, Cluster, Index, Open, Order, Progress, Tell
from portal.rooms.tickets import RecordingTerms, Role


class Writer:
    """Writes one recording. `origin` is where its clock is 0, in seconds of the process's clock."""

    def __init__(
        self, folder: Path, room: str, terms: RecordingTerms, origin: float, clock: Callable[[], datetime]
    ) -> None:
        self._folder, self._room, self._terms, self._origin, self._clock = folder, room, terms, origin, clock
        self._recipients: list[age.Recipient] = []
        self._manifest: Manifest | None = None
        self._files: dict[str, PartFile] = {}
        self._numbers: dict[str, int] = {}
        self._highest = 0
        self.progress = Progress()

    def open(self) -> None:
        """Begin or go on with the recording's folder. Raises WriterFailed."""
        if not FOLDER.fullmatch(self._folder.name):
            raise WriterFailed("error", "this is not the name of a recording")
        with as_writer_failed():
            self._open()

    def perform(self, orders: Sequence[Order], now: float) -> Progress:
        """Write what is ordered and make it durable. Raises WriterFailed."""
        self.progress = Progress()
        with as_writer_failed():
            for order in orders:
                self._one(order)
            for person, file in self._files.items():
                file.tick(now)
                if file.begun:
                    self.progress.durable[person] = file.durable_until
        return self.progress

    def end(self, orders: Sequence[Order], now: float, why: str | None) -> Progress:
        """Write what is ordered and let go. With a reason, the recording is over for good. Raises WriterFailed."""
        progress = self.perform(orders, now)
        with as_writer_failed():
            if self._manifest is not None and why is not None:
                self.tell("ended", ms=self._ms(now), why=why)
            if self._manifest is not None:
                self._manifest.close()
                self._manifest = None
        return progress

    def abandon(self) -> None:
        """After a failure: finish what can be finished, and let go."""
        for person in list(self._files):
            file = self._files.pop(person)
            with suppress(SinkFailed, SinkClosed, OSError):
                file.close()
        if self._manifest is not None:
            with suppress(OSError):
                self._manifest.close()
            self._manifest = None

    def _open(self) -> None:
        self._recipients = [age.parse_recipient(one) for one in self._terms.recipients]
        if (self._folder / manifest.FILE).exists():
            self._manifest = Manifest.resume(self._folder, self._clock)
            for found in recovery.recover(self._folder):
                self._recovered(found)
            self._count_parts()
            return
        self._folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._manifest = Manifest.create(self._folder, self._clock)
        self.tell(
            "opened", format=manifest.FORMAT, recording=self._terms.id, room=self._room, study=self._terms.study,
            recipients=[sha256_hex(one.encode("ascii")) for one in self._terms.recipients],
        )  # fmt: skip

    def _recovered(self, found: recovery.Recovered) -> None:
        more = self._folder / found.more if found.more else None
        main = self._folder / f"{found.name}.age"
        self.tell(
            "recovered", file=found.name, bytes=main.stat().st_size if main.exists() else 0,
            payload_sha256=_payload_hash(main) if main.exists() else "", more=found.more or "",
            more_sha256=sha256_hex(more.read_bytes()) if more else "", problem=found.problem,
        )  # fmt: skip

    def _count_parts(self) -> None:
        for line in manifest.read((self._folder / manifest.FILE).read_bytes()):
            if line.kind == "track":
                track, number = line.text("track"), line.number_in("part")
                self._numbers[track] = max(number, self._numbers.get(track, 0))
                self._highest = max(number, self._highest)

    def _one(self, order: Order) -> None:
        match order:
            case Open(person, role):
                self._open_file(person, role)
            case Begin(person, start_ms, header, media, codecs):
                self._files[person].begin(start_ms, header, media, codecs)
            case Cluster(person, data, end_ms):
                self._files[person].cluster(data, end_ms)
            case Index(person, ms):
                self._files[person].index(ms)
            case Close(person, ms):
                self._close(person, ms)
            case Tell(kind, fields):
                self.tell(kind, **fields)

    def _open_file(self, person: str, role: Role) -> None:
        number = self._numbers.get(person, 0) + 1
        self._numbers[person] = number
        self._files[person] = PartFile(self, self._folder, person, number, role, self._recipients)

    def _close(self, person: str, ms: int) -> None:
        file = self._files.pop(person)
        closed = file.close()
        if closed is None:
            self._numbers[person] -= 1  # it never began: the next one has its number
            return
        self.tell(
            "closed", file=file.name, ms=ms, chunks=closed.chunks, plaintext_bytes=closed.plaintext_bytes,
            bytes=closed.bytes, sha256=closed.sha256, payload_sha256=closed.payload_sha256,
        )  # fmt: skip
        self.progress.durable[person] = file.start_ms / 1000 + ms / 1000
        self.progress.journal.append(("part_closed", file.facts() | {"seconds": ms / 1000}))

    def tell(self, kind: str, **fields: str | int | bool | list[str]) -> None:
        """A line for the manifest."""
        if self._manifest is not None:
            self._manifest.add(kind, **fields)

    def began(self, number: int, ms: int) -> None:
        """A part of this number begins."""
        if number > self._highest:
            self._highest = number
            self.tell("part", part=number, ms=ms)

    def _ms(self, at: float) -> int:
        return max(0, round((at - self._origin) * 1000))


def _payload_hash(path: Path) -> str:
    with path.open("rb") as file:
        age.Header.read(file.readline)
        return hashlib.file_digest(file, "sha256").hexdigest()
