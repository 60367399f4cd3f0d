"""Decrypted tracks on the recording's clock: what joining, mixing and transcribing start from."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from portal.recordings.domain import Track

Progress = Callable[[float], object]
"""Is told how many seconds of the recording have been dealt with so far."""
_MS = Fraction(1, 1000)


@dataclass(frozen=True)
class Clip:
    """A decrypted file of one track."""

    track: Track
    path: Path

    @property
    def speaker(self) -> str:
        """Who it is, without a name."""
        return f"{self.track.track} {self.track.role}"

    @property
    def start(self) -> float:
        """Where it begins on the recording's clock, in seconds."""
        return self.track.start_ms / 1000


def people(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    """Each person's clips in order."""
    found: dict[str, list[Clip]] = {}
    for clip in sorted(clips, key=lambda one: (one.track.track, one.track.start_ms)):
        found.setdefault(clip.speaker, []).append(clip)
    return found


def packets(clip: Clip) -> Iterator[tuple[float, Any]]:
    """Every packet with its time on the recording's clock. A damaged file ends where nothing more can be read."""
    with av.open(str(clip.path)) as container:
        try:
            for packet in container.demux():
                if packet.pts is not None and packet.size:
                    yield clip.start + float(packet.pts * packet.time_base), packet
        except av.error.InvalidDataError:
            return


def frames(clip: Clip, media: str) -> Iterator[tuple[float, Any]]:
    """Every decoded frame of "audio" or "video", with its time on the recording's clock. Damaged ones are left out."""
    for at, packet in packets(clip):
        if packet.stream.type != media:
            continue
        try:
            decoded = packet.decode()
        except av.error.InvalidDataError:
            continue
        for frame in decoded:
            yield (at if frame.pts is None else clip.start + float(frame.pts * frame.time_base)), frame


def join(clips: Sequence[Clip], target: Path, progress: Progress) -> None:
    """Put everybody's tracks into one Matroska file, as they were recorded: nothing is encoded anew."""
    with av.open(str(target), "w", format="matroska") as out:
        streams = _streams(out, clips)
        last: dict[int, int] = {}
        merged = heapq.merge(*(_of(clip) for clip in clips), key=lambda one: one[0])
        for at, clip, packet in merged:
            stream = streams[clip.speaker, packet.stream.type]
            moment = max(round(at * 1000), last.get(stream.index, -1) + 1)
            last[stream.index] = moment
            packet.stream = stream
            packet.time_base, packet.pts, packet.dts = _MS, moment, moment
            out.mux(packet)
            progress(at)


def _of(clip: Clip) -> Iterator[tuple[float, Clip, Any]]:
    return ((at, clip, packet) for at, packet in packets(clip))


def _streams(out: Any, clips: Sequence[Clip]) -> dict[tuple[str, str], Any]:
    """One stream for each person and medium, called after the person's place in the recording."""
    made: dict[tuple[str, str], Any] = {}
    for clip in clips:
        with av.open(str(clip.path)) as container:
            for source in container.streams:
                key = clip.speaker, source.type
                if key not in made and source.type in ("audio", "video"):
                    made[key] = out.add_stream_from_template(source)
                    made[key].metadata["title"] = clip.speaker
    return made
