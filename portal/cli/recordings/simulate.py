"""`portal recordings simulate`: a realistic recording of two invented people, through the real sink."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from portal.cli.recordings.studio import Look, Muxer, Packet, packets
from portal.recordings import age
from portal.recordings.domain import new_recording_id
from portal.recordings.manifest import FORMAT, Manifest
from portal.recordings.sink import Sink, SinkFailed
from portal.recordings.vault import Files
from portal.recordings.webm import Clusters

STUDY = "0" * 64
"""No version of any study: a simulated recording belongs to none."""
_PAUSE_FROM, _PAUSE_TO = 0.5, 0.55
_CLOCK_EVERY = 5.0


@dataclass
class Person:
    """One person of the simulation, and what is being written of her."""

    track: str
    role: str
    look: Look
    sink: Sink
    manifest: Manifest
    clusters: Clusters = field(default_factory=Clusters)
    next_clock: float = 0.0
    needs_keyframe: bool = False
    """After a pause, pictures begin again with a keyframe: the others build on what was left out."""
    muxer: Muxer = field(init=False)

    def __post_init__(self) -> None:
        self.muxer = Muxer(self)

    @property
    def file(self) -> str:
        """Her track's file."""
        return f"{self.track}-1.webm"

    def write(self, data: bytes) -> int:
        """Take the muxer's bytes: into the sink, and into the index."""
        for point in self.clusters.feed(data):
            self.manifest.add("index", file=self.file, ms=point.ms, byte=point.byte)
        return self.sink.write(data)


@click.command()
@click.option("--seconds", default=60, show_default=True, type=click.IntRange(1, 24 * 3600), help="How long it lasts.")
@click.option("--recipient", "recipients", multiple=True, required=True, help="Public key (age1…); may be given again.")
@click.option("--to", "root", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where to put it.")
def simulate(seconds: int, recipients: tuple[str, ...], root: Path) -> None:
    """Write a recording of two invented people: moving pictures, a tone, a flash and a beep every 5 seconds.

    The folder of the recording is made inside --to and printed. A vault's folder will do: the worker then finds it.
    """
    try:
        folder = make(root, [age.parse_recipient(one) for one in recipients], seconds)
    except (age.AgeError, SinkFailed, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(str(folder))


def make(root: Path, recipients: Sequence[age.Recipient], seconds: float, *, room: str = "simulated") -> Path:
    """The recording's folder inside `root`. Raises RecipientsRefused, SinkFailed, OSError."""
    recording = new_recording_id()
    folder = Files(root).new_folder(recording)
    manifest = Manifest.create(folder)
    manifest.add(
        "opened", format=FORMAT, recording=recording, room=room, study=STUDY,
        recipients=[one.fingerprint for one in recipients],
    )  # fmt: skip
    manifest.add("part", part=1, ms=0)
    late = min(1.5, seconds / 4)
    people = [
        Person(track, role, look, Sink.create(folder, f"{track}-1.webm", recipients), manifest)
        for track, role, look in (
            ("p1", "interviewer", Look(0.0, 440, "testsrc2")),
            ("p2", "participant", Look(late, 660, "smptehdbars")),
        )
    ]
    _introduce(people, manifest)
    _record(people, seconds, manifest)
    manifest.add("ended", ms=round(seconds * 1000), why="the interviewer stopped it")
    manifest.close()
    return folder


def _introduce(people: Sequence[Person], manifest: Manifest) -> None:
    for person in people:
        start = round(person.look.start_seconds * 1000)
        manifest.add("notice", track=person.track, ms=start)
        manifest.add(
            "track", track=person.track, role=person.role, part=1, file=person.file, media="audio+video",
            codecs="vp8+opus", ms=start,
        )  # fmt: skip


def _record(people: Sequence[Person], seconds: float, manifest: Manifest) -> None:
    """Everybody's packets in order of time. A pause stands in the middle: the clock goes on and nothing is written."""
    pause = iter([("pause", _PAUSE_FROM * seconds), ("resume", _PAUSE_TO * seconds)])
    turn, paused = next(pause) if seconds >= 2 * _CLOCK_EVERY else None, False
    for at, person, packet in heapq.merge(*(_timeline(one, seconds) for one in people), key=lambda one: one[0]):
        if turn and at >= turn[1]:
            manifest.add(turn[0], ms=round(turn[1] * 1000))
            turn, paused = next(pause, None), not paused
        person.needs_keyframe |= paused
        if not paused and not (packet.video and person.needs_keyframe and not packet.keyframe):
            person.needs_keyframe &= not packet.video
            _take(person, at, packet, manifest)
    for person in people:
        _close(person, seconds, manifest)


def _timeline(person: Person, seconds: float) -> Iterator[tuple[float, Person, Packet]]:
    start = person.look.start_seconds
    return ((start + at, person, packet) for at, packet in packets(person.look, seconds - start))


def _take(person: Person, at: float, packet: Packet, manifest: Manifest) -> None:
    in_file = at - person.look.start_seconds
    person.muxer.write(packet, in_file)
    person.sink.mark(in_file)
    person.sink.tick(in_file)
    if in_file >= person.next_clock:
        person.next_clock = in_file + _CLOCK_EVERY
        _clock(person, in_file, manifest)


def _close(person: Person, seconds: float, manifest: Manifest) -> None:
    person.muxer.close()
    person.sink.mark(seconds - person.look.start_seconds)
    closed = person.sink.close()
    manifest.add(
        "closed", file=person.file, ms=round(closed.seconds * 1000), chunks=closed.chunks,
        plaintext_bytes=closed.plaintext_bytes, bytes=closed.bytes, sha256=closed.sha256,
        payload_sha256=closed.payload_sha256,
    )  # fmt: skip


def _clock(person: Person, at: float, manifest: Manifest) -> None:
    """A sender report as a browser would send it: its own clock is 3.7 s ahead of ours."""
    arrived = person.look.start_seconds + at
    ntp = f"{round((3_900_000_000 + arrived + 3.7) * (1 << 32)):016x}"
    for media, rate in (("audio", 48000), ("video", 90000)):
        manifest.add("clock", track=person.track, media=media, ntp=ntp, rtp=round(at * rate), ms=round(arrived * 1000))
