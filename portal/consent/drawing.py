"""A drawn signature as the browser sends it: "600x200;x,y x,y;x,y …". Anything else is refused."""

import re

from portal.receipts.drawings import Strokes
from portal.receipts.errors import InvalidRecord

LONGEST = 60_000
_SHAPE = re.compile(r"(\d{2,4})x(\d{2,4})((?:;-?\d{1,5},-?\d{1,5}(?: -?\d{1,5},-?\d{1,5})*)+)")


class DrawingRefused(ValueError):
    """What came is not a drawing."""


def strokes(text: str) -> Strokes:
    """The drawing as lines. Raises DrawingRefused."""
    found = _SHAPE.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        raise DrawingRefused("not a drawing")
    lines = tuple(
        tuple((float(x), float(y)) for x, y in (point.split(",") for point in line.split(" ")))
        for line in found[3][1:].split(";")
    )
    try:
        return Strokes(int(found[1]), int(found[2]), lines)
    except InvalidRecord as error:
        raise DrawingRefused(str(error)) from error
