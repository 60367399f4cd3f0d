"""The flow of participants as boxes and arrows, in units of an SVG drawing 480 wide."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 480
_MAIN_X, _MAIN_WIDTH, _SIDE_X = 4, 196, 226
_SIDE_WIDTH = WIDTH - _SIDE_X - 4
_LINE, _PADDING, _GAP = 21, 10, 26
_MAIN_LETTERS, _SIDE_LETTERS = 23, 30


@dataclass(frozen=True)
class Box:
    """A box; each line of text with its baseline."""

    x: int
    y: int
    width: int
    height: int
    lines: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Arrow:
    """From one point to another, straight down or to the right."""

    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True)
class Picture:
    """The whole drawing."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    height: int
    width: int = WIDTH


@dataclass(frozen=True)
class Stage:
    """What stands in the main column, and who left here; `left` may be empty."""

    here: Sequence[str]
    left: Sequence[str] = ()


def draw(stages: Sequence[Stage]) -> Picture:
    """One stage under the other."""
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    y = 4
    for at, stage in enumerate(stages):
        main = _box(_MAIN_X, y, _MAIN_WIDTH, stage.here, _MAIN_LETTERS)
        boxes.append(main)
        bottom = main.y + main.height
        if stage.left:
            side = _box(_SIDE_X, y, _SIDE_WIDTH, stage.left, _SIDE_LETTERS)
            boxes.append(side)
            middle = main.y + main.height // 2
            arrows.append(Arrow(main.x + main.width, middle, side.x, middle))
            bottom = max(bottom, side.y + side.height)
        y = bottom + _GAP
        if at < len(stages) - 1:
            arrows.append(Arrow(main.x + main.width // 2, main.y + main.height, main.x + main.width // 2, y))
    return Picture(tuple(boxes), tuple(arrows), y - _GAP + 4)


def _box(x: int, y: int, width: int, lines: Sequence[str], letters: int) -> Box:
    wrapped = [part for line in lines for part in textwrap.wrap(line, letters, subsequent_indent="  ") or [""]]
    placed = tuple((y + _PADDING + _LINE * at - 6, text) for at, text in enumerate(wrapped, 1))
    return Box(x, y, width, 2 * _PADDING + _LINE * len(wrapped), placed)
