"""A recording's files and manifest. Everything here may wait for the disk and runs in one thread at a time.

The event loop hands over batches of events in order; what comes back says how much is durable and what is wanted.
"""

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Lock

from portal.canonical import sha256_hex
from portal.recordings import age, manifest, recovery
from portal.recordings.manifest import Manifest
from portal.recordings.sink import SinkClosed, SinkFailed
from portal.rooms.media.discard import FOLDER
from portal.rooms.media.failures import WriterFailed, as_writer_failed
from portal.rooms.media.part import AUDIO, VIDEO, Part
from portal.rooms.media.part_file import PartFile
from portal.rooms.media.recorded import Event, Media, Progress, Release, Renewed, Report, Take, Tell
from portal.rooms.tickets import RecordingTerms, Role

_ONE_THINKS = Lock()
"""Held while a batch becomes clusters, not while the disk is waited for: so the event loop, which forwards, competes
with one recorder for the interpreter, and not with eight."""
_BREATH = 0.0003
_AT_A_STRETCH = 40
"""Packets that are looked at between two breaths."""


def breathe() -> None:
    """Let the event loop have the interpreter. It gives it away at every packet that it sends or receives, and would
    otherwise get it back only after a whole switch interval each time."""
    time.sleep(_BREATH)


class Writer:
    """Writes one recording. `origin` is where its clock is 0, in seconds of the process's clock."""

    def __init__(
        self, folder: Path, room: str, terms: RecordingTerms, origin: float, clock: Callable[[], datetime]
    ) -> None:
        self._folder, self._room, self._terms, self._origin, self._clock = folder, room, terms, origin, clock
        self._recipients: list[age.Recipient] = []
        self._manifest: Manifest | None = None
        self._parts: dict[str, tuple[Part, PartFile]] = {}
        self._roles: dict[str, Role] = {}
        self._numbers: dict[str, int] = {}
        self._highest = 0
        self.progress = Progress()

    def open(self) -> None:
        """Begin or go on with the recording's folder. Raises WriterFailed."""
        if not FOLDER.fullmatch(self._folder.name):
            raise WriterFailed("error", "this is not the name of a recording")
        with as_writer_failed():
            self._open()

    def perform(self, events: Sequence[Event], now: float) -> Progress:
        """Carry out what happened, write what can be written, make it durable. Raises WriterFailed."""
        self.progress = Progress()
        with as_writer_failed():
            self._perform(events, now)
        return self.progress

    def end(self, now: float, why: str | None) -> Progress:
        """Finish every file. With a reason, the recording is over for good. Raises WriterFailed."""
        self.progress = Progress()
        with as_writer_failed():
            self._end(now, why)
        return self.progress

    def abandon(self) -> None:
        """After a failure: finish what can be finished, and let go."""
        for person in list(self._parts):
            _part, file = self._parts.pop(person)
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

    def _perform(self, events: Sequence[Event], now: float) -> None:
        with _ONE_THINKS:
            for event in events:
                self._one(event)
            for part, _file in self._parts.values():
                part.flush(now, breathe)
                breathe()
        for person, (part, file) in list(self._parts.items()):
            if part.wants_new_file:
                self._close(person, now)
                self._take(person, now)
                self.progress.keyframes.add(person)
                continue
            if part.wants_keyframe:
                self.progress.keyframes.add(person)
            file.tick(now)
            if part.begun_ms is not None:
                self.progress.durable[person] = part.begun_ms / 1000 + file.durable_seconds

    def _one(self, event: Event) -> None:
        match event:
            case Take(person, role, at):
                self._roles[person] = role
                self._take(person, at)
            case Release(person, at):
                self._close(person, at)
            case Tell(kind, fields):
                self.tell(kind, **fields)
            case _ if event.person in self._parts:
                _feed(self._parts[event.person][0], event)

    def _take(self, person: str, at: float) -> None:
        self._close(person, at)
        number = self._numbers.get(person, 0) + 1
        self._numbers[person] = number
        file = PartFile(self, self._folder, person, number, self._roles[person], self._recipients)
        self._parts[person] = (Part(person, self._origin, at, file), file)

    def _close(self, person: str, at: float) -> None:
        found = self._parts.pop(person, None)
        if found is None:
            return
        part, file = found
        part.finish(at)
        closed = file.close()
        if closed is None:
            self._numbers[person] -= 1  # it never began: the next one has its number
            return
        self.tell(
            "closed", file=file.name, ms=part.written_ms, chunks=closed.chunks, plaintext_bytes=closed.plaintext_bytes,
            bytes=closed.bytes, sha256=closed.sha256, payload_sha256=closed.payload_sha256,
        )  # fmt: skip
        self.progress.durable[person] = ((part.begun_ms or 0) + part.written_ms) / 1000
        self.progress.journal.append(("part_closed", file.facts() | {"seconds": part.written_ms / 1000}))

    def _end(self, now: float, why: str | None) -> None:
        for person in list(self._parts):
            self._close(person, now)
        if self._manifest is not None and why is not None:
            self.tell("ended", ms=self._ms(now), why=why)
        if self._manifest is not None:
            self._manifest.close()
            self._manifest = None

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
        return max(0, round((at - self._origin) * 1000)) if at != math.inf else 0


def _feed(part: Part, event: Media | Report | Renewed) -> None:
    match event:
        case Media(_, kind, packets):
            for at in range(0, len(packets), _AT_A_STRETCH):
                if at:
                    breathe()
                part.take(kind, packets[at : at + _AT_A_STRETCH])
        case Report(_, kind, ntp, stamp, arrived):
            part.report(kind, ntp, stamp, arrived)
        case Renewed(_, at):
            for kind in (AUDIO, VIDEO):
                part.restart(kind, at)


def _payload_hash(path: Path) -> str:
    with path.open("rb") as file:
        age.Header.read(file.readline)
        return hashlib.file_digest(file, "sha256").hexdigest()
