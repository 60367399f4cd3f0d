"""The catalogue: what the manifests tell, so that it can be asked for."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from portal.db.base import Base
from portal.recordings.domain import Recording, Track
from portal.recordings.errors import RecordingUnknown


class RecordingRow(Base):
    """A recording. The row stays when the recording is destroyed."""

    __tablename__ = "recording"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    room: Mapped[str] = mapped_column(String(60), index=True)
    study_version: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime] = mapped_column(index=True)
    duration_ms: Mapped[int] = mapped_column(BigInteger)
    ended: Mapped[bool]
    interrupted: Mapped[bool]
    discarded: Mapped[bool]
    recipients: Mapped[list[str]] = mapped_column(JSON)
    head: Mapped[str] = mapped_column(String(64))
    manifest_bytes: Mapped[int] = mapped_column(BigInteger)
    told: Mapped[list[str]] = mapped_column(JSON)
    """Problems that the manifest itself tells of."""
    problems: Mapped[list[str]] = mapped_column(JSON)
    """What the last check of records against files found."""
    catalogued_at: Mapped[datetime]
    hashed_at: Mapped[datetime | None]
    """When every byte of it was last compared with the manifest's hashes."""
    away: Mapped[bool]
    """It has been moved to the service that PORTAL_VAULT_URL names."""
    destruction_ordered_at: Mapped[datetime | None]
    destroyed_at: Mapped[datetime | None]
    tracks: Mapped[list["RecordingTrackRow"]] = relationship(
        order_by="RecordingTrackRow.position", cascade="all, delete-orphan", lazy="selectin"
    )

    def as_recording(self) -> Recording:
        """The row as plain data."""
        return Recording(
            id=self.id, room=self.room, study_version=self.study_version, opened_at=self.opened_at,
            duration_ms=self.duration_ms, ended=self.ended, tracks=tuple(one.as_track() for one in self.tracks),
            recipients=frozenset(self.recipients), interrupted=self.interrupted, discarded=self.discarded,
            head=self.head, problems=(*self.told, *self.problems), destroyed_at=self.destroyed_at,
        )  # fmt: skip


class RecordingTrackRow(Base):
    """A file of a recording."""

    __tablename__ = "recording_track"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), primary_key=True)
    file: Mapped[str] = mapped_column(String(60), primary_key=True)
    position: Mapped[int]
    track: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(20))
    part: Mapped[int]
    media: Mapped[str] = mapped_column(String(20))
    codecs: Mapped[str] = mapped_column(String(40))
    start_ms: Mapped[int] = mapped_column(BigInteger)
    duration_ms: Mapped[int] = mapped_column(BigInteger)
    bytes: Mapped[int] = mapped_column(BigInteger)
    plaintext_bytes: Mapped[int] = mapped_column(BigInteger)
    payload_sha256: Mapped[str] = mapped_column(String(64))
    more: Mapped[str] = mapped_column(String(80))
    more_sha256: Mapped[str] = mapped_column(String(64))
    problem: Mapped[str] = mapped_column(String(200))

    @classmethod
    def of(cls, position: int, track: Track) -> "RecordingTrackRow":
        """A row for the track."""
        return cls(
            file=track.file, position=position, track=track.track, role=track.role, part=track.part,
            media=track.media, codecs=track.codecs, start_ms=track.start_ms, duration_ms=track.duration_ms,
            bytes=track.bytes, plaintext_bytes=track.plaintext_bytes, payload_sha256=track.payload_sha256,
            more=track.more, more_sha256=track.more_sha256, problem=track.problem,
        )  # fmt: skip

    def as_track(self) -> Track:
        """The row as plain data."""
        return Track(
            track=self.track, role=self.role, part=self.part, file=self.file, media=self.media, codecs=self.codecs,
            start_ms=self.start_ms, duration_ms=self.duration_ms, bytes=self.bytes,
            plaintext_bytes=self.plaintext_bytes, payload_sha256=self.payload_sha256, more=self.more,
            more_sha256=self.more_sha256, problem=self.problem,
        )  # fmt: skip


def row_of(session: Session, recording: str) -> RecordingRow:
    """The recording's row. Raises RecordingUnknown."""
    row = session.get(RecordingRow, recording)
    if row is None:
        raise RecordingUnknown("there is no such recording")
    return row
