"""A signature as somebody drew it: lines, or a picture. Neither may be more than a signature needs."""

import math
from dataclasses import dataclass

from portal.receipts.errors import InvalidRecord

MOST_STROKES = 400
MOST_POINTS = 20_000
MOST_PICTURE_BYTES = 300_000
MOST_PICTURE_SIDE = 3000
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Strokes:
    """A drawn signature as lines, in units of the box that it was drawn in."""

    width: int
    height: int
    lines: tuple[tuple[tuple[float, float], ...], ...]

    def __post_init__(self) -> None:
        if not (1 <= self.width <= 10_000 and 1 <= self.height <= 10_000):
            raise InvalidRecord("the box of a drawn signature must be 1 to 10000 units wide and high")
        if len(self.lines) > MOST_STROKES or sum(map(len, self.lines)) > MOST_POINTS:
            raise InvalidRecord(f"a drawn signature has at most {MOST_STROKES} lines and {MOST_POINTS} points")
        if not all(math.isfinite(number) for line in self.lines for point in line for number in point):
            raise InvalidRecord("the points of a drawn signature must be numbers")

    def as_svg(self) -> str:
        """The lines as an SVG image without anything else in it."""
        paths = "".join(f'<path d="{_path(line)}"/>' for line in self.lines if line)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
            f'viewBox="0 0 {self.width} {self.height}" fill="none" stroke="#000" stroke-width="2.5" '
            f'stroke-linecap="round" stroke-linejoin="round">{paths}</svg>'
        )


@dataclass(frozen=True)
class Picture:
    """A drawn signature as a PNG image."""

    png: bytes

    def __post_init__(self) -> None:
        if not self.png.startswith(_PNG) or len(self.png) < 33 or len(self.png) > MOST_PICTURE_BYTES:
            raise InvalidRecord(f"a drawn signature must be a PNG image of at most {MOST_PICTURE_BYTES} bytes")
        sides = int.from_bytes(self.png[16:20], "big"), int.from_bytes(self.png[20:24], "big")
        if not all(1 <= side <= MOST_PICTURE_SIDE for side in sides):
            raise InvalidRecord(f"a drawn signature is at most {MOST_PICTURE_SIDE} pixels wide and high")


def _path(line: tuple[tuple[float, float], ...]) -> str:
    points = line if len(line) > 1 else (*line, line[0])  # a tap is a dot
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
