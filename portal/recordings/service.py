"""Recordings for the rest of the portal: find one, read from it, put new headers in force.

Who may do so, and who has to approve, is for the callers; each act here leaves its audit event.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal.audit.domain import Actor, EventKind
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.recordings import events
from portal.recordings.age import AgeError, Header, header_at
from portal.recordings.domain import FEWEST_RECIPIENTS, Recording
from portal.recordings.errors import HeadersRefused, RecordingDestroyed, RecordingUnknown
from portal.recordings.manifest import FILE, Manifest, ManifestBusy, added, head_of
from portal.recordings.places import Places
from portal.recordings.store import RecordingRow, row_of
from portal.recordings.vault import Files, Storage

StudyIdOf = Callable[[str], str | None]
"""Whose room it is: from a room's opaque name to the participant's study ID, or None if nobody's is known."""


@dataclass(frozen=True)
class Stored:
    """An encrypted file as it is served: the header in force, then the payload as it was written.

    Attributes:
        size: bytes of the whole.
        read_at: gives the bytes from an offset, so many or fewer where the file ends.
    """

    size: int
    read_at: Callable[[int, int], bytes]


class RecordingService:
    """The catalogue and the vault. Thread-safe."""

    def __init__(
        self, database: Database, clock: Clock, audit: AuditLog, places: Places, study_id_of: StudyIdOf
    ) -> None:
        self._database, self._clock, self._audit, self._places = database, clock, audit, places
        self._study_id_of = study_id_of

    def recordings(self, room: str | None = None) -> list[Recording]:
        """Every recording, or those of one room, the newest first; those destroyed as well."""
        query = select(RecordingRow).order_by(RecordingRow.opened_at.desc(), RecordingRow.id)
        if room is not None:
            query = query.where(RecordingRow.room == room)
        with self._database.reading() as session:
            return [row.as_recording() for row in session.scalars(query)]

    def recording(self, recording: str) -> Recording:
        """One recording. Raises RecordingUnknown."""
        with self._database.reading() as session:
            return row_of(session, recording).as_recording()

    def study_id(self, recording: Recording) -> str | None:
        """Whose interview it is."""
        return self._study_id_of(recording.room)

    def manifest(self, recording: str) -> bytes:
        """The manifest as it lies in the vault. Raises RecordingUnknown, RecordingDestroyed, VaultError."""
        self._present(recording)
        return self._places.whole(recording, FILE)

    def sizes(self, recording: str) -> dict[str, int]:
        """Bytes of each file in the vault, by name. Raises as `manifest`."""
        self._present(recording)
        return self._places.sizes(recording)

    def stored(self, recording: str, name: str) -> Stored:
        """An encrypted file of a recording, such as "p1-1.webm.age".

        Raises:
            RecordingUnknown, RecordingDestroyed, VaultError
        """
        found = self._present(recording)
        if name not in {one for track in found.tracks for one in track.encrypted_files}:
            raise RecordingUnknown("the recording has no such file")
        sizes, storage = self._places.sizes(recording), self._places.of(recording)
        if name not in sizes:
            raise RecordingUnknown("the file is missing in the vault")

        def own(start: int, length: int) -> bytes:
            return storage.read_at(recording, name, start, length)

        if f"{name}.header" not in sizes:
            return Stored(sizes[name], own)
        header = self._places.whole(recording, f"{name}.header")
        return with_header(header, len(header_at(own).raw), Stored(sizes[name], own))

    def headers(self, recording: str) -> dict[str, bytes]:
        """The headers in force of all encrypted files, by name. Raises as `stored`; HeaderDamaged, NotAgeFile."""
        names = [name for track in self._present(recording).tracks for name in track.encrypted_files]
        return {name: header_at(self.stored(recording, name).read_at).raw for name in names}

    def note_played(self, recording: str, *, actor: Actor) -> None:
        """Somebody opened the player."""
        self._note(events.PLAYED, recording, actor)

    def note_downloaded(self, recording: str, file: str, *, actor: Actor) -> None:
        """Somebody took a file, or "all" of them."""
        self._note(events.DOWNLOADED, recording, actor, file=file)

    def rewrap(
        self, recording: str, headers: Mapping[str, bytes], recipients: Sequence[str], *, actor: Actor, approved_by: str
    ) -> None:
        """Put headers that a member wrote anew in force, for all files of a recording at once.

        The files keep their own headers as well, so that a bad one can be taken back; payloads stay as they are.

        Args:
            headers: a whole header for each encrypted file, by name.
            recipients: fingerprints of the keys that can open them.
            approved_by: the second person, as an actor's key.

        Raises:
            RecordingUnknown, RecordingDestroyed, VaultError
            HeadersRefused: it is still being recorded, not every file has its header, or one is not for so many keys.
        """
        found = self._present(recording)
        wanted = {one for track in found.tracks for one in track.encrypted_files}
        if set(headers) != wanted:
            raise HeadersRefused("every file of the recording needs its new header, and nothing else may have one")
        if len(set(recipients)) < FEWEST_RECIPIENTS:
            raise HeadersRefused("a recording needs at least two keys, one of them the recovery key")
        for header in headers.values():
            _check_header(header, len(set(recipients)))
        prints = sorted(set(recipients))
        content = self._put_headers(found, headers, prints)
        with self._database.transaction() as session:
            row = row_of(session, recording)
            row.recipients, row.head, row.manifest_bytes = prints, head_of(content), len(content)
            self._audit.record(
                session, events.REWRAPPED, actor=actor, subject=f"recording:{recording}", files=len(headers),
                recipients=len(prints), approved_by=approved_by,
            )  # fmt: skip

    def problems(self) -> list[str]:
        """What is wrong with any recording, as the last comparison found it."""
        with self._database.reading() as session:
            rows = session.scalars(select(RecordingRow).where(RecordingRow.destruction_ordered_at.is_(None)))
            return [f"recording {row.id}: {one}" for row in rows for one in row.problems]

    def _present(self, recording: str) -> Recording:
        with self._database.reading() as session:
            row = row_of(session, recording)
            if row.destruction_ordered_at is not None:
                raise RecordingDestroyed("the recording was destroyed")
            return row.as_recording()

    def _put_headers(self, found: Recording, headers: Mapping[str, bytes], recipients: list[str]) -> bytes:
        """Headers, then the lines that tell of them. Gives the manifest as it is now."""
        storage = self._places.of(found.id)
        lock = self._locked(storage, found.id)
        try:
            for name, header in sorted(headers.items()):
                storage.put(found.id, f"{name}.header", header)
            content = self._places.whole(found.id, FILE)
            for track in found.tracks:
                content = added(content, self._clock(), "rewrapped", file=track.file, recipients=recipients)
            storage.put(found.id, FILE, content)
        finally:
            if lock is not None:
                lock.close()
        return content

    def _locked(self, storage: Storage, recording: str) -> Manifest | None:
        """Keep recorders and duties away from a recording that lies here; elsewhere nobody writes any more."""
        if not isinstance(storage, Files):
            return None
        try:
            return Manifest.resume(storage.folder(recording), self._clock)
        except ManifestBusy as error:
            raise HeadersRefused("it is still being recorded: try again when it has ended") from error

    def _note(self, kind: EventKind, recording: str, actor: Actor, **fields: str) -> None:
        self._present(recording)
        self._audit.note(kind, actor=actor, subject=f"recording:{recording}", **fields)


def with_header(header: bytes, own_header: int, file: Stored) -> Stored:
    """The file behind another header than its own, which takes so many bytes."""

    def read_at(start: int, length: int) -> bytes:
        first = header[start : start + length]
        beyond = max(0, start - len(header))
        rest = length - len(first)
        return first + (file.read_at(own_header + beyond, rest) if rest > 0 else b"")

    return Stored(len(header) + file.size - own_header, read_at)


def _check_header(header: bytes, recipients: int) -> None:
    lines = header.splitlines(keepends=True)
    try:
        read = Header.read(lambda most: lines.pop(0)[:most] if lines else b"")
    except AgeError as error:
        raise HeadersRefused(f"a new header cannot be read: {error}") from error
    if read.raw != header or len(read.stanzas) != recipients:
        raise HeadersRefused("a new header is not for as many keys as it should be")
