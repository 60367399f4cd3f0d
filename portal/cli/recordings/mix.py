"""Everybody's sound in one file, on the recording's clock: for a transcriber, or for a program that transcribes."""

import heapq
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.filter import Graph

from portal.cli.recordings.clips import Clip, Progress, frames

_CODECS = {".wav": "pcm_s16le", ".mp3": "libmp3lame"}


def mix(clips: Sequence[Clip], target: Path, progress: Progress, *, rate: int = 48000) -> None:
    """Write mono sound of all clips together. The target's ending says whether it is WAV or MP3."""
    with av.open(str(target), "w") as out:
        stream: Any = out.add_stream(_CODECS[target.suffix], rate=rate, layout="mono")
        for frame in mixed(clips, rate, progress, stream.codec_context.frame_size or 1024):
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)


def mixed(clips: Sequence[Clip], rate: int, progress: Progress, size: int = 1024) -> Iterator[Any]:
    """Frames of 16-bit mono from the recording's beginning. Where somebody is silent or paused there is silence."""
    desk = _Desk(len(clips), rate, size)
    merged = heapq.merge(*(_numbered(number, clip) for number, clip in enumerate(clips)), key=lambda one: one[0])
    for at, number, frame in merged:
        progress(at)
        desk.push(number, at, frame)
        yield from desk.pull()
    desk.end()
    yield from desk.pull()


def _numbered(number: int, clip: Clip) -> Iterator[tuple[float, int, Any]]:
    return ((at, number, frame) for at, frame in frames(clip, "audio"))


class _Desk:
    """ffmpeg's mixer, with an input for each clip that fills what is missing with silence."""

    def __init__(self, inputs: int, rate: int, size: int) -> None:
        self._graph = Graph()
        mixer = self._graph.add("amix", f"inputs={inputs}:duration=longest:normalize=0")
        self._inputs = []
        for number in range(inputs):
            source = self._graph.add(
                "abuffer", "sample_rate=48000:sample_fmt=s16:channel_layout=mono:time_base=1/48000"
            )
            steady = self._graph.add("aresample", "async=48000:first_pts=0:min_hard_comp=0.02")
            source.link_to(steady)
            steady.link_to(mixer, 0, number)
            self._inputs.append(source)
        shape = self._graph.add("aformat", f"sample_fmts=s16:channel_layouts=mono:sample_rates={rate}")
        even = self._graph.add("asetnsamples", f"n={size}:p=0")
        self._sink = self._graph.add("abuffersink")
        for one, following in ((mixer, shape), (shape, even), (even, self._sink)):
            one.link_to(following)
        self._graph.configure()
        self._shapers = [av.AudioResampler(format="s16", layout="mono", rate=48000) for _ in range(inputs)]

    def push(self, number: int, at: float, frame: Any) -> None:
        """A clip's next sound, at this time of the recording."""
        for one in self._shapers[number].resample(frame):
            one.time_base, one.pts = Fraction(1, 48000), round(at * 48000)
            self._inputs[number].push(one)

    def end(self) -> None:
        """Nothing more comes of anybody."""
        for source in self._inputs:
            source.push(None)

    def pull(self) -> Iterator[Any]:
        """What is ready."""
        while True:
            try:
                yield self._sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
