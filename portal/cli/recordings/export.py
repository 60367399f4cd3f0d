"""`portal recordings export`: a recording, opened and made usable on the researcher's own machine."""

import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import click

from portal.cli.recordings.clips import Clip, Progress, join, people
from portal.cli.recordings.film import film
from portal.cli.recordings.listen import CannotListen, Listener
from portal.cli.recordings.mix import mix
from portal.cli.recordings.sources import source_of
from portal.cli.recordings.transcripts import FORMATS, in_order
from portal.recordings import age
from portal.recordings.domain import Recording, Track
from portal.recordings.errors import RecordingError
from portal.recordings.files import create
from portal.recordings.manifest import ManifestDamaged
from portal.recordings.opening import Source, TrackDamaged, open_track, rescue_track
from portal.recordings.summary import disagreements, summarise

REPORT, SUMS = "report.txt", "SHA256SUMS"


class NotWhole(Exception):
    """Something of the recording is damaged or missing. The message has a line for each thing."""


@dataclass
class Export:
    """What is asked for, and what has come of it."""

    source: Source
    identities: Sequence[age.Identity]
    folder: Path
    rescue: bool
    notes: list[str] = field(default_factory=list)
    clips: list[Clip] = field(default_factory=list)


@click.command()
@click.argument("recording")
@click.option("--identity", "key_file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="File with your secret key (AGE-SECRET-KEY-…).")  # fmt: skip
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path),
              help="New folder for what comes of it. It will hold people's faces and voices in the clear.")  # fmt: skip
@click.option("--mp4", is_flag=True, help="Also everybody side by side as MP4; takes a while.")
@click.option("--audio", type=click.Choice(["wav", "mp3"]), multiple=True, help="Also everybody's sound in one file.")
@click.option("--transcript", is_flag=True, help="Also a draft transcript by speaker; needs `make transcribe`.")
@click.option("--rescue", is_flag=True, help="Take what can be had of a damaged recording, and mark what is lost.")
def export(
    recording: str, key_file: Path, folder: Path, *, mp4: bool, audio: tuple[str, ...], transcript: bool, rescue: bool
) -> None:
    """Open a RECORDING: its name in this portal, or a folder of its files, which needs no portal.

    Exit code 0: whole; 1: refused, nothing is left; 3: rescued, the report says what is lost.
    """
    try:
        identities = age.read_identities(key_file.read_text(encoding="utf-8"))
        listener = Listener() if transcript else None
        with source_of(recording) as source:
            folder.mkdir(mode=0o700, parents=True)
            job = Export(source, identities, folder, rescue)
            told = _open(job)
        _make(job, told, mp4=mp4, audio=audio, listener=listener)
        _sum(folder)
    except NotWhole as error:
        _clear(folder)
        hint = "" if rescue else "\nWith --rescue you get what can be had of it, marked as such."
        raise click.ClickException(f"the recording is not whole:\n{error}{hint}") from error
    except FileExistsError as error:
        raise click.ClickException(f"{folder} is there already; name a new folder") from error
    except (age.AgeError, RecordingError, CannotListen, UnicodeDecodeError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{'RESCUED, not whole: see ' + REPORT if job.notes else 'Whole.'} Everything is in {folder}")
    sys.exit(3 if job.notes else 0)


def _open(job: Export) -> Recording:
    """Decrypt every track into the folder. Raises NotWhole, RecordingError, AgeError, OSError."""
    try:
        told = summarise(job.source.manifest())
    except (ManifestDamaged, FileNotFoundError) as error:
        why = "the manifest is missing" if isinstance(error, FileNotFoundError) else str(error)
        raise NotWhole(f"{why}. Without it no track can be placed; age -d still opens each file by itself.") from error
    problems = [*told.problems, *disagreements(told, job.source.sizes())]
    problems += [f"{track.file}: {track.problem}" for track in told.tracks if track.problem]
    if problems and not job.rescue:
        raise NotWhole("\n".join(problems))
    job.notes += problems
    with _bar("Opening", sum(track.bytes for track in told.tracks)) as bar:
        for track in told.tracks:
            _take(job, track, bar.update)
    job.clips = [clip for clip in job.clips if clip.path.stat().st_size]  # a crash may leave nothing but a beginning
    if not job.clips:
        raise NotWhole("\n".join(job.notes) or "there is not one track in it")
    return told


def _take(job: Export, track: Track, progress: Callable[[int], object]) -> None:
    path = job.folder / track.file
    with os.fdopen(create(path), "wb") as target:
        try:
            open_track(job.source, track, job.identities, target, progress)
        except TrackDamaged as error:
            if not job.rescue or isinstance(error.__cause__, age.WrongKey):
                raise NotWhole(str(error)) from error
            job.notes.append(str(error))
        else:
            job.clips.append(Clip(track, path))
            return
    path.unlink()
    _rescue(job, track)


def _rescue(job: Export, track: Track) -> None:
    path = job.folder / f"RESCUED-{track.file}"
    with os.fdopen(create(path), "wb") as target:
        try:
            holes = rescue_track(job.source, track, job.identities, target)
        except TrackDamaged as error:
            job.notes.append(f"nothing can be had of {track.file}: {error}")
            holes = None
    if holes is None or path.stat().st_size == sum(one.length for one in holes):
        path.unlink()
        return
    job.notes += [f"{path.name}: {one.length} bytes from byte {one.start} are lost: {one.why}" for one in holes]
    job.clips.append(Clip(track, path))


def _make(job: Export, told: Recording, *, mp4: bool, audio: Sequence[str], listener: Listener | None) -> None:
    mark = "RESCUED-" if job.notes else ""
    seconds = told.duration_ms / 1000
    _with_bar("Joining", seconds, lambda progress: join(job.clips, job.folder / f"{mark}recording.mkv", progress))
    for kind in audio:
        _with_bar(f"Mixing {kind}", seconds, partial(mix, job.clips, job.folder / f"{mark}sound.{kind}"))
    if mp4:
        made = job.folder / f"{mark}recording.mp4"
        _with_bar("Filming", seconds, lambda progress: film(job.clips, made, seconds, progress))
    if listener is not None:
        _transcribe(job, listener, seconds)
    report = [f"Recording {told.id}, begun {told.opened_at.isoformat()}, {seconds:.0f} seconds.", *job.notes]
    if not job.notes:
        report.append("Every file is whole and as the manifest says.")
    (job.folder / REPORT).write_text("\n".join(report) + "\n", encoding="utf-8")


def _transcribe(job: Export, listener: Listener, seconds: float) -> None:
    spoken = []
    for speaker, clips in people(job.clips).items():
        with _bar(f"Listening to {speaker}", int(seconds)) as bar:
            spoken += list(listener.hear(clips, _steps(bar)))
    for name, write in FORMATS.items():
        (job.folder / name).write_text(write(in_order(spoken)), encoding="utf-8")


def _sum(folder: Path) -> None:
    """The hashes of everything, as `sha256sum -c` reads them. Nothing is for others to read."""
    rows = []
    for path in sorted(folder.iterdir()):
        path.chmod(0o600)
        with path.open("rb") as file:
            rows.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    (folder / SUMS).write_text("".join(rows), encoding="ascii")
    (folder / SUMS).chmod(0o600)


def _clear(folder: Path) -> None:
    """Nothing half is left behind."""
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def _with_bar(what: str, seconds: float, act: Callable[[Progress], None]) -> None:
    with _bar(what, int(seconds)) as bar:
        act(_steps(bar))


def _bar(what: str, length: int) -> AbstractContextManager[Any]:
    return click.progressbar(length=max(1, length), label=f"{what:<20}", file=sys.stderr, update_min_steps=1)


def _steps(bar: Any) -> Progress:
    """A bar that is told how far it is, not how much further."""

    def to(seconds: float) -> None:
        step = int(min(seconds, bar.length)) - bar.pos
        if step > 0:
            bar.update(step)

    return to
