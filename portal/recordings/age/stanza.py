"""Stanzas: the lines of a header that hold the file key, each for one recipient."""

import base64
import binascii
from dataclasses import dataclass

from portal.recordings.age.errors import HeaderDamaged

COLUMNS = 64
BYTES_PER_LINE = 48


@dataclass(frozen=True)
class Stanza:
    """One stanza. The first argument is its kind."""

    arguments: tuple[str, ...]
    body: bytes

    @property
    def kind(self) -> str:
        """What it is, such as "X25519"."""
        return self.arguments[0]

    def encode(self) -> bytes:
        """As it stands in the header. The last line is always short, if need be empty."""
        starts = range(0, len(self.body) + 1, BYTES_PER_LINE)
        lines = [to_base64(self.body[start : start + BYTES_PER_LINE]) for start in starts]
        return "\n".join(["-> " + " ".join(self.arguments), *lines, ""]).encode("ascii")


def to_base64(data: bytes) -> str:
    """Base64 without padding."""
    return base64.b64encode(data).decode("ascii").rstrip("=")


def from_base64(text: str) -> bytes:
    """The data of canonical base64 without padding. Raises HeaderDamaged."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise HeaderDamaged("the header's base64 is damaged") from error
    if to_base64(data) != text:
        raise HeaderDamaged("the header's base64 is not the canonical one")
    return data
