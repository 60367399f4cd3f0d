"""Where a part's WebM goes: an encrypted file that is made durable as it grows, and its lines in the manifest."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from portal.recordings import age
from portal.recordings.sink import Closed, Sink
from portal.rooms.media.recorded import Progress
from portal.rooms.tickets import Role


class Book(Protocol):
    """What a file needs of the recording that it belongs to."""

    progress: Progress

    def tell(self, kind: str, **fields: str | int | bool) -> None:
        """A line for the manifest."""

    def began(self, number: int, ms: int) -> None:
        """A part of this number begins."""


class PartFile:
    """Made when the part's first byte is known, so that an empty file never is."""

    def __init__(
        self, book: Book, folder: Path, person: str, number: int, role: Role, recipients: Sequence[age.Recipient]
    ) -> None:
        self.name = f"{person}-{number}.webm"
        self._book, self._folder, self._person, self._number = book, folder, person, number
        self._role, self._recipients = role, recipients
        self._sink: Sink | None = None
        self.start_ms = 0
        """Where the file begins on the recording's clock."""

    @property
    def begun(self) -> bool:
        """True once there is a file."""
        return self._sink is not None

    @property
    def durable_until(self) -> float:
        """What would survive: so many seconds on the recording's clock."""
        return self.start_ms / 1000 + (self._sink.durable_seconds if self._sink else 0.0)

    def facts(self) -> dict[str, str | int | float]:
        """What the journal says of it."""
        return {"recording": self._folder.name, "person": self._person, "part": self._number, "file": self.name}

    def begin(self, start_ms: int, header: bytes, media: str, codecs: str) -> None:
        """The file's start."""
        self.start_ms = start_ms
        self._sink = Sink.create(self._folder, self.name, self._recipients)
        self._book.began(self._number, start_ms)
        role = self._role.value if self._role in (Role.PARTICIPANT, Role.INTERVIEWER) else "other"
        self._book.tell(
            "track", track=self._person, role=role, part=self._number, file=self.name, media=media, codecs=codecs,
            ms=start_ms,
        )  # fmt: skip
        self._sink.write(header)
        self._book.progress.journal.append(("part_started", self.facts() | {"seconds": start_ms / 1000}))

    def cluster(self, data: bytes, end_ms: int) -> None:
        """A cluster."""
        if self._sink is not None:
            self._sink.write(data)
            self._sink.mark(end_ms / 1000)

    def index(self, ms: int) -> None:
        """A cluster that can be played from comes next."""
        if self._sink is not None:
            self._book.tell("index", file=self.name, ms=ms, byte=self._sink.bytes_taken)

    def tell(self, kind: str, **fields: str | int | bool) -> None:
        """A line for the manifest."""
        self._book.tell(kind, **fields)

    def tick(self, now: float) -> None:
        """Make durable what was written, about twice a second."""
        if self._sink is not None:
            self._sink.tick(now)

    def close(self) -> Closed | None:
        """End the file, if it began."""
        sink, self._sink = self._sink, None
        return sink.close() if sink is not None else None
