"""Everybody side by side with the mixed sound, in H.264 and AAC: for programs that read neither VP8 nor Opus."""

import heapq
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from av.filter import Graph
from av.video.frame import PictureType

from portal.cli.recordings.clips import Clip, Progress, frames, people
from portal.cli.recordings.mix import mixed

_RATE = 15
_WIDTH, _HEIGHT = 640, 360
_SOUND = 48000


def film(clips: Sequence[Clip], target: Path, seconds: float, progress: Progress) -> None:
    """Write an MP4 file of the whole recording."""
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        picture: Any = out.add_stream("libx264", rate=_RATE, options={"preset": "veryfast", "crf": "26"})
        picture.width, picture.height, picture.pix_fmt = _WIDTH * len(people(clips)), _HEIGHT, "yuv420p"
        sound: Any = out.add_stream("aac", rate=_SOUND, layout="mono")
        merged = heapq.merge(
            ((at, picture, frame) for at, frame in _pictures(clips, seconds)),
            ((float(frame.pts * frame.time_base), sound, frame) for frame in mixed(clips, _SOUND, _quiet)),
            key=lambda one: one[0],
        )
        for at, stream, frame in merged:
            out.mux(stream.encode(frame))
            progress(at)
        for stream in (picture, sound):
            out.mux(stream.encode(None))


def _quiet(_seconds: float) -> None:
    """The pictures tell how far we are."""


def _pictures(clips: Sequence[Clip], seconds: float) -> Iterator[tuple[float, Any]]:
    """A picture for each fifteenth of a second: everybody as she was seen last."""
    named = people(clips)
    table = _Table(len(named))
    seen = heapq.merge(
        *(_numbered(number, clip) for number, found in enumerate(named.values()) for clip in found),
        key=lambda one: one[0],
    )
    waiting = next(seen, None)
    for tick in range(int(seconds * _RATE)):
        while waiting is not None and waiting[0] <= tick / _RATE:
            table.show(waiting[1], waiting[2])
            waiting = next(seen, None)
        yield tick / _RATE, table.picture(tick)


def _numbered(number: int, clip: Clip) -> Iterator[tuple[float, int, Any]]:
    return ((at, number, frame) for at, frame in frames(clip, "video"))


class _Table:
    """Pictures side by side, each fitted into its place."""

    def __init__(self, places: int) -> None:
        blank = av.VideoFrame(_WIDTH, _HEIGHT, "yuv420p")
        for plane, value in zip(blank.planes, (16, 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        self._last: list[Any] = [blank] * places
        self._fitters: dict[tuple[int, int], _Chain] = {}
        self._beside = _Chain([(_WIDTH, _HEIGHT)] * places, [("hstack", f"inputs={places}")] if places > 1 else [])

    def show(self, place: int, frame: Any) -> None:
        """What is seen there from now on."""
        size = frame.width, frame.height
        if size not in self._fitters:
            fit = f"{_WIDTH}:{_HEIGHT}:force_original_aspect_ratio=decrease"
            self._fitters[size] = _Chain([size], [("scale", fit), ("pad", f"{_WIDTH}:{_HEIGHT}:-1:-1")])
        self._last[place] = self._fitters[size].through([frame], 0)

    def picture(self, tick: int) -> Any:
        """All of them, at this tick."""
        made = self._beside.through(self._last, tick)
        made.pict_type = PictureType.NONE  # the encoder decides which is a keyframe
        return made


class _Chain:
    """ffmpeg filters that make one picture out of one or several of given sizes."""

    def __init__(self, sizes: Sequence[tuple[int, int]], steps: Sequence[tuple[str, str]]) -> None:
        graph = Graph()
        self._inputs = [
            graph.add("buffer", f"video_size={width}x{height}:pix_fmt=yuv420p:time_base=1/{_RATE}:pixel_aspect=1/1")
            for width, height in sizes
        ]
        made = [graph.add(name, arguments) for name, arguments in steps]
        made += [graph.add("setsar", "1"), graph.add("format", "yuv420p"), graph.add("buffersink")]
        for number, source in enumerate(self._inputs):
            source.link_to(made[0], 0, number)
        for one, following in pairwise(made):
            one.link_to(following)
        graph.configure()
        self._graph, self._sink = graph, made[-1]

    def through(self, frames_in: Sequence[Any], tick: int) -> Any:
        """The picture that comes of these."""
        for source, frame in zip(self._inputs, frames_in, strict=True):
            frame.pts, frame.time_base = tick, Fraction(1, _RATE)
            source.push(frame)
        return self._sink.pull()
