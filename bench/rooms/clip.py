"""Real VP8 and Opus to send: a test picture and a tone, encoded once by ffmpeg at the bit rate that is asked for."""

import subprocess
import tempfile
from functools import cache
from pathlib import Path

import av

SECONDS = 4


@cache
def pictures(bits: int) -> tuple[bytes, ...]:
    """VP8 frames of 640x480 at 30 a second; the first is a keyframe, and the last leads to it."""
    source = ["-f", "lavfi", "-i", f"testsrc2=size=640x480:rate=30:duration={SECONDS}"]
    rate = ["-b:v", str(bits), "-minrate", str(bits), "-maxrate", str(bits), "-bufsize", str(bits // 2)]
    return _encoded([*source, "-c:v", "libvpx", *rate, "-g", "1000", "-deadline", "realtime", "-cpu-used", "8"])


@cache
def sounds() -> tuple[bytes, ...]:
    """Opus packets of 20 ms at 32 kbit/s."""
    source = ["-f", "lavfi", "-i", f"sine=frequency=300:duration={SECONDS}"]
    return _encoded([*source, "-c:a", "libopus", "-b:a", "32k", "-frame_duration", "20"])


def _encoded(arguments: list[str]) -> tuple[bytes, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mkv"
        subprocess.run(["ffmpeg", "-v", "error", *arguments, str(path)], check=True)
        with av.open(str(path)) as container:
            return tuple(bytes(packet) for packet in container.demux() if packet.size)
