"""Invented media: moving pictures and a tone in VP8 and Opus, with a flash and a beep every five seconds.

Ten seconds are encoded once for each person and then repeated, so that an hour is made in seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any, Protocol

import av
from av.filter import Graph
from av.video.frame import PictureType

LOOP_SECONDS = 10
MARK_SECONDS = 5
"""A flash and a beep come at every multiple of this on the recording's clock."""
_RATE = 15
_LASTS = 0.2


class Output(Protocol):
    """Where the container's bytes go."""

    def write(self, data: bytes, /) -> int:
        """Take all of them. Gives their number."""


@dataclass(frozen=True)
class Look:
    """What a person's media is like.

    Attributes:
        start_seconds: when it begins on the recording's clock, so that its marks fall together with the others'.
        hertz: pitch of the tone.
        picture: ffmpeg's test picture.
    """

    start_seconds: float
    hertz: int
    picture: str


@dataclass(frozen=True)
class Packet:
    """An encoded frame. `seconds` is its time within the loop."""

    video: bool
    data: bytes
    seconds: float
    keyframe: bool


@lru_cache(maxsize=8)
def loop(look: Look) -> tuple[Packet, ...]:
    """Ten seconds of media, in order of time."""
    packets = [*_video(look), *_audio(look)]
    return tuple(sorted((one for one in packets if one.seconds < LOOP_SECONDS), key=lambda one: one.seconds))


class Muxer:
    """Writes packets into a WebM file of one person, in clusters of at most 0.4 s."""

    def __init__(self, output: Output) -> None:
        self._container = av.open(
            output, "w", format="webm", options={"live": "1", "cluster_time_limit": "400", "flush_packets": "1"}
        )
        self._streams = _streams(self._container)

    def write(self, packet: Packet, seconds: float) -> None:
        """Append a packet at a time of the file."""
        made = av.Packet(packet.data)
        made.stream = self._streams[packet.video]
        made.time_base = Fraction(1, 1000)
        made.pts = made.dts = round(seconds * 1000)
        made.is_keyframe = packet.keyframe
        self._container.mux(made)

    def close(self) -> None:
        """Write what is held back."""
        self._container.close()


def packets(look: Look, seconds: float) -> Iterator[tuple[float, Packet]]:
    """So many seconds of media: each packet with its time in the file."""
    for round_ in range(int(seconds // LOOP_SECONDS) + 1):
        for packet in loop(look):
            at = round_ * LOOP_SECONDS + packet.seconds
            if at >= seconds:
                return
            yield at, packet


def _streams(container: av.container.OutputContainer) -> dict[bool, av.stream.Stream]:
    video = container.add_mux_stream("vp8", rate=_RATE, width=640, height=360)
    # Opus as an encoder that gets nothing to encode, since only that writes the OpusHead which players need.
    audio = container.add_stream("libopus", rate=48000, layout="stereo")
    return {True: video, False: audio}


def _video(look: Look) -> Iterator[Packet]:
    flash = f"drawbox=color=white:thickness=fill:enable='{_marked(look)}'"
    encoder = av.VideoCodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 640, 360, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, _RATE), Fraction(_RATE)
    encoder.bit_rate, encoder.gop_size = 500_000, 4 * _RATE
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    source = f"{look.picture}=size=640x360:rate={_RATE}:duration={LOOP_SECONDS}"
    for frame in [*_frames("buffersink", source, flash, "format=yuv420p"), None]:
        if frame is not None:
            frame.pict_type = PictureType.NONE  # the source calls each one a keyframe; the encoder shall decide
        for made in encoder.encode(frame):
            yield Packet(video=True, data=bytes(made), seconds=_seconds(made), keyframe=made.is_keyframe)


def _audio(look: Look) -> Iterator[Packet]:
    source = f"sine=frequency={look.hertz}:sample_rate=48000:duration={LOOP_SECONDS}"
    loud = f"volume='if({_marked(look)},4,0.1)':eval=frame"
    shape = "aformat=sample_fmts=s16:channel_layouts=stereo:sample_rates=48000"
    even = "asetnsamples=960"
    encoder = av.AudioCodecContext.create("libopus", "w")
    encoder.rate, encoder.layout, encoder.format, encoder.bit_rate = 48000, "stereo", "s16", 32_000
    for frame in [*_frames("abuffersink", source, "asetnsamples=480", loud, shape, even), None]:
        for made in encoder.encode(frame):
            yield Packet(video=False, data=bytes(made), seconds=max(0.0, _seconds(made)), keyframe=True)


def _seconds(packet: "av.Packet[Any]") -> float:
    return float((packet.pts or 0) * (packet.time_base or 0))


def _marked(look: Look) -> str:
    return f"lt(mod(t+{look.start_seconds},{MARK_SECONDS}),{_LASTS})"


def _frames(sink: str, *steps: str) -> Iterator[Any]:
    """The frames that come out of a chain of ffmpeg filters, of the kind that the sink takes."""
    graph = Graph()
    made = []
    for step in steps:
        name, _, arguments = step.partition("=")
        made.append(graph.add(name, arguments))
    made.append(graph.add(sink))
    for one, following in pairwise(made):
        one.link_to(following)
    graph.configure()
    while True:
        try:
            yield made[-1].pull()
        except (av.error.EOFError, av.error.BlockingIOError):
            return
