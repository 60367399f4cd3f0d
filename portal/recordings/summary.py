"""A recording as its manifest tells it, and where the files in its folder disagree."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from portal.canonical import sha256_hex
from portal.recordings.domain import Recording, Track
from portal.recordings.files import NAME
from portal.recordings.manifest import FILE, FORMAT, Line, ManifestDamaged, read

_LOST = "its end was never written down"


def summarise(content: bytes) -> Recording:
    """The recording that a whole manifest tells of. Raises ManifestDamaged."""
    lines = read(content)
    if not lines or lines[0].kind != "opened" or lines[0].text("format") != FORMAT:
        raise ManifestDamaged("the manifest does not begin with a recording that this program knows")
    story = _Story(lines[0])
    for line in lines[1:]:
        story.take(line)
    last = content.rstrip(b"\n").rsplit(b"\n", 1)[-1]
    return story.recording(sha256_hex(last))


def disagreements(recording: Recording, sizes: dict[str, int]) -> list[str]:
    """Where the files of a recording's folder are not those of its manifest, each in a plain sentence.

    Args:
        sizes: bytes of each file in the folder, by name.
    """
    found, wanted = [], {FILE}
    for track in recording.tracks:
        name = f"{track.file}.age"
        wanted |= {name, f"{name}.header", track.more}
        if recording.discarded and name not in sizes:
            continue
        if name not in sizes:
            found.append(f"{name} is missing")
        elif track.bytes and sizes[name] != track.bytes:
            found.append(f"{name} has {sizes[name]} bytes, but the manifest says {track.bytes}")
        if track.more and track.more not in sizes:
            found.append(f"{track.more} is missing")
    found += [f"{name} is not in the manifest" for name in sorted(set(sizes) - wanted)]
    return found


@dataclass
class _Story:
    """What the lines read so far tell."""

    opened: Line
    tracks: dict[str, Track] = field(default_factory=dict)
    recipients: frozenset[str] = frozenset()
    ended_ms: int | None = None
    interrupted: bool = False
    discarded: bool = False
    problems: list[str] = field(default_factory=list)
    _closed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.recipients = frozenset(self.opened.texts("recipients"))

    def take(self, line: Line) -> None:
        """Take the next line."""
        acts: dict[str, Callable[[Line], None]] = {
            "track": self._track, "index": self._index, "closed": self._close, "recovered": self._recovered,
            "failed": self._failed, "discarded": self._discarded, "ended": self._ended, "rewrapped": self._rewrapped,
        }  # fmt: skip
        act = acts.get(line.kind)
        if act is not None:
            act(line)

    def recording(self, head: str) -> Recording:
        """The whole of it."""
        tracks = tuple(
            track if track.file in self._closed else replace(track, problem=_LOST) for track in self.tracks.values()
        )
        return Recording(
            id=self.opened.text("recording"), room=self.opened.text("room"), study_version=self.opened.text("study"),
            opened_at=self.opened.at, duration_ms=self._duration(tracks), ended=self.ended_ms is not None,
            tracks=tracks, recipients=self.recipients, interrupted=self.interrupted, discarded=self.discarded,
            head=head, problems=tuple(self.problems),
        )  # fmt: skip

    def _duration(self, tracks: Sequence[Track]) -> int:
        return max(self.ended_ms or 0, *(track.start_ms + track.duration_ms for track in tracks), 0)

    def _track(self, line: Line) -> None:
        file = line.text("file")
        if not NAME.fullmatch(file) or max(len(line.text(one)) for one in ("track", "role", "media", "codecs")) > 20:
            raise ManifestDamaged(f"line {line.number} of the manifest names no file or track that there can be")
        self.tracks[file] = Track(
            track=line.text("track"), role=line.text("role"), part=line.number_in("part"), file=file,
            media=line.text("media"), codecs=line.text("codecs"), start_ms=line.number_in("ms"), duration_ms=0,
            bytes=0, plaintext_bytes=0, payload_sha256="",
        )  # fmt: skip

    def _index(self, line: Line) -> None:
        self._change(line, duration_ms=line.number_in("ms"))

    def _close(self, line: Line) -> None:
        self._closed.add(line.text("file"))
        self._change(
            line, duration_ms=line.number_in("ms"), bytes=line.number_in("bytes"),
            plaintext_bytes=line.number_in("plaintext_bytes"), payload_sha256=line.text("payload_sha256"),
        )  # fmt: skip

    def _recovered(self, line: Line) -> None:
        self.interrupted = True
        file, problem = line.text("file"), line.text("problem")[:200]
        if line.text("more") not in ("", f"{file}.more.age"):
            raise ManifestDamaged(f"line {line.number} of the manifest names no file that there can be")
        self._closed.add(file)
        if not line.number_in("bytes"):
            self.tracks.pop(file, None)  # nothing had been written of it
            return
        self._change(
            line, bytes=line.number_in("bytes"), payload_sha256=line.text("payload_sha256"), more=line.text("more"),
            more_sha256=line.text("more_sha256"), problem=problem,
        )  # fmt: skip

    def _failed(self, line: Line) -> None:
        self.interrupted = True
        self.problems.append(f"{line.text('file')} could not be written to its end: {line.text('why')}")

    def _discarded(self, _line: Line) -> None:
        self.discarded = True

    def _ended(self, line: Line) -> None:
        self.ended_ms = line.number_in("ms")

    def _rewrapped(self, line: Line) -> None:
        self.recipients = frozenset(line.texts("recipients"))

    def _change(self, line: Line, **values: object) -> None:
        file = line.text("file")
        if file not in self.tracks:
            raise ManifestDamaged(f"line {line.number} of the manifest is about {file}, which never began")
        self.tracks[file] = replace(self.tracks[file], **values)  # type: ignore[arg-type]
