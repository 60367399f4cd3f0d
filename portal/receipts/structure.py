"""What the bytes of a PDF say of its seal, without parsing the PDF.

A stranger's file may be made to exhaust or confuse a parser. So the seal is found by pattern, checked over the raw
bytes, and only a file that the organisation itself made is ever parsed.
"""

import re
from binascii import unhexlify
from collections.abc import Iterator
from dataclasses import dataclass

LARGEST_SEAL = 64_000
"""Bytes of hex. Ours have about 17 000 with a time stamp."""
_MOST_CANDIDATES = 50
_RANGE = re.compile(
    rb"/ByteRange[\s\0]{0,80}\[[\s\0]{0,80}(\d{1,9})[\s\0]{1,80}(\d{1,9})[\s\0]{1,80}(\d{1,9})[\s\0]{1,80}(\d{1,9})"
    rb"[\s\0]{0,80}\]"
)


@dataclass(frozen=True)
class Seal:
    """A seal's place: it covers the bytes before `gap_start` and those from `gap_end` to `end`."""

    gap_start: int
    gap_end: int
    end: int
    contents: bytes
    """The signature as CMS in DER, with its padding."""

    def covered(self, pdf: bytes) -> bytes:
        """The bytes that the seal covers."""
        return pdf[: self.gap_start] + pdf[self.gap_end : self.end]


def seals(pdf: bytes) -> Iterator[Seal]:
    """Every place that looks like a seal which begins at the file's first byte and leaves out only itself."""
    for number, found in enumerate(_RANGE.finditer(pdf)):
        if number == _MOST_CANDIDATES:
            return
        start, before, after, rest = (int(text) for text in found.groups())
        gap = pdf[before:after]
        if start != 0 or not 2 < len(gap) <= LARGEST_SEAL or after + rest > len(pdf):
            continue
        if re.fullmatch(rb"<(?:[0-9A-F]{2})+>", gap):
            yield Seal(before, after, after + rest, unhexlify(gap[1:-1]))
