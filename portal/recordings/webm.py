"""Where a WebM file can be played from: the clusters, as they pass by on their way into a sink.

Reads only the outermost elements of the container, so it costs a few steps for each packet and copies nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
_TIMESTAMP, _SIMPLE_BLOCK = 0xE7, 0xA3
_ENTERED = (_SEGMENT, _CLUSTER)
_LONGEST_START = 12
"""An element's number takes at most 4 bytes, its size at most 8."""
_BLOCK_START = 12
"""What of a block is looked at: track number, time within the cluster, flags."""
_KEYFRAME = 0x80
_APART_MS = 2000


@dataclass(frozen=True)
class Point:
    """A cluster that can be played from.

    Attributes:
        byte: where it begins in the file.
        ms: the time in the file of its first keyframe.
    """

    byte: int
    ms: int


class NotWebM(Exception):
    """The bytes are not those of a WebM file."""


class Clusters:
    """Feed it every byte of one file; it gives the points for the manifest's index, at least 2 s apart."""

    def __init__(self, *, video_track: int | None = 1) -> None:
        """Begin a file.

        Args:
            video_track: number of the track whose keyframes count; None for sound alone, where every cluster will do.
        """
        self._video = video_track
        self._seen = bytearray()
        self._at = 0  # place in the file of the first byte in _seen
        self._skip = 0  # bytes of an element that is passed over
        self._cluster: Point | None = None  # the cluster that has shown no keyframe yet
        self._newest = -_APART_MS

    def feed(self, data: bytes | bytearray | memoryview) -> list[Point]:
        """Take the next bytes. Gives the points that have become known. Raises NotWebM."""
        self._seen += data
        return list(self._points())

    def _points(self) -> Iterator[Point]:
        while self._pass_over():
            found = _element(self._seen)
            if found is None:
                return
            number, size, start = found
            if number == _CLUSTER:
                self._cluster = Point(self._at, 0)
            if number in _ENTERED:
                self._drop(start)
                continue
            if number in (_TIMESTAMP, _SIMPLE_BLOCK) and len(self._seen) < start + min(size, _BLOCK_START):
                return
            content = bytes(self._seen[start : start + min(size, _BLOCK_START)])
            if number == _TIMESTAMP and self._cluster:
                self._cluster = Point(self._cluster.byte, int.from_bytes(content, "big"))
            elif number == _SIMPLE_BLOCK and self._cluster:
                yield from self._judge(self._cluster, content)
            self._skip = start + size

    def _judge(self, cluster: Point, block: bytes) -> Iterator[Point]:
        """Whether the cluster can be played from: it holds a keyframe. What stands before it is passed over."""
        track, width = _number(block, 0, keep_marker=False) or (0, 1)
        if self._video not in (None, track) or len(block) < width + 3:
            return
        ms = cluster.ms + int.from_bytes(block[width : width + 2], "big", signed=True)
        if self._video is None or block[width + 2] & _KEYFRAME:
            self._cluster = None
            if ms - self._newest >= _APART_MS:
                self._newest = ms
                yield Point(cluster.byte, ms)

    def _pass_over(self) -> bool:
        """Drop what is to be skipped. Gives whether something is left to look at."""
        passed = min(self._skip, len(self._seen))
        self._drop(passed)
        self._skip -= passed
        return bool(self._seen)

    def _drop(self, count: int) -> None:
        del self._seen[:count]
        self._at += count


def _element(seen: bytearray) -> tuple[int, int, int] | None:
    """An element's number, its size, and where its content starts; None until enough is there."""
    number = _number(seen, 0, keep_marker=True)
    size = _number(seen, number[1], keep_marker=False) if number else None
    if number is None or size is None:
        if len(seen) >= _LONGEST_START:
            raise NotWebM("these are not the bytes of a WebM file")
        return None
    unknown = size[0] == (1 << 7 * size[1]) - 1
    if unknown and number[0] not in _ENTERED:
        raise NotWebM("an element of the WebM file has no size")
    return number[0], size[0], number[1] + size[1]


def _number(seen: bytearray | bytes, at: int, *, keep_marker: bool) -> tuple[int, int] | None:
    """A number of variable width, and its width."""
    if at >= len(seen):
        return None
    width = 9 - seen[at].bit_length()
    if width > 8 or at + width > len(seen):
        return None
    value = int.from_bytes(seen[at : at + width], "big")
    return (value if keep_marker else value & ((1 << 7 * width) - 1)), width
