"""The header: who can unwrap the file key, and a code that shows whether the header was changed."""

import os
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.recordings.age.errors import HeaderDamaged, HeaderForged, NotAgeFile, RecipientsRefused, WrongKey
from portal.recordings.age.keys import FILE_KEY, Identity, Kind, Recipient, file_key_from
from portal.recordings.age.stanza import COLUMNS, Stanza, from_base64, to_base64

LARGEST = 1 << 20
"""A header of more bytes is refused: a hundred hybrid recipients need 165 kB."""
_VERSION = b"age-encryption.org/v1\n"
_MAC = 32


@dataclass(frozen=True)
class Header:
    """A header as it was read. `raw` is every byte of it, so the payload starts at `len(raw)`."""

    raw: bytes
    stanzas: tuple[Stanza, ...]
    mac: bytes

    @classmethod
    def read(cls, readline: Callable[[int], bytes]) -> Self:
        """Read a header line by line.

        Args:
            readline: gives the next line, at most so many bytes of it, as `file.readline` does.

        Raises:
            NotAgeFile, HeaderDamaged.
        """
        lines = _Lines(readline)
        if lines.next() != _VERSION:
            raise NotAgeFile("this is not an age file")
        stanzas: list[Stanza] = []
        while True:
            line = lines.next()
            if line.startswith(b"---"):
                return cls(bytes(lines.seen), tuple(stanzas), _mac(line))
            stanzas.append(_stanza(line, lines))

    def unwrap(self, identities: Collection[Identity]) -> bytes:
        """The file key, once the header has proved unchanged. Raises WrongKey, HeaderForged, HeaderDamaged."""
        if len(self.stanzas) > 1 and any(stanza.kind == "scrypt" for stanza in self.stanzas):
            raise HeaderDamaged("a passphrase cannot stand beside other recipients")
        file_key = file_key_from(self.stanzas, identities)
        if file_key is None:
            raise WrongKey("this key does not open the file: it was encrypted to others")
        try:
            _hmac(file_key, self.raw[: self.raw.rindex(b"---") + 3]).verify(self.mac)
        except InvalidSignature as error:
            raise HeaderForged("the file's header was changed since it was written") from error
        return file_key


def header_at(read_at: Callable[[int, int], bytes]) -> Header:
    """The header of a file that is read in stretches.

    Args:
        read_at: gives the bytes from an offset, so many or fewer where the file ends.

    Raises:
        NotAgeFile, HeaderDamaged.
    """
    return Header.read(_Ahead(read_at).readline)


def new_file_key() -> bytes:
    """A fresh file key. Each file has its own."""
    return os.urandom(FILE_KEY)


def wrap(file_key: bytes, recipients: Sequence[Recipient]) -> bytes:
    """A whole header for these recipients. Raises RecipientsRefused."""
    _check(recipients)
    start = _VERSION + b"".join(recipient.wrap(file_key).encode() for recipient in recipients) + b"---"
    return start + b" " + to_base64(_hmac(file_key, start).finalize()).encode("ascii") + b"\n"


def rewrap(header: bytes, identities: Collection[Identity], recipients: Sequence[Recipient]) -> bytes:
    """A new header for other recipients; the payload stays as it is. Raises AgeError."""
    remaining = header.splitlines(keepends=True)
    read = Header.read(lambda most: remaining.pop(0)[:most] if remaining else b"")
    if read.raw != header:
        raise HeaderDamaged("there is more than a header")
    return wrap(read.unwrap(identities), recipients)


def _check(recipients: Sequence[Recipient]) -> None:
    if not recipients:
        raise RecipientsRefused("there is nobody to encrypt to")
    if max(Counter(recipients).values()) > 1:
        raise RecipientsRefused("the same key is there twice")
    if len({recipient.kind for recipient in recipients}) > 1:
        names = " and ".join(sorted({Kind(recipient.kind).value for recipient in recipients}))
        raise RecipientsRefused(f"keys of two kinds ({names}) cannot be mixed in one file")


class _Lines:
    """Lines of a header, each whole, all of them together not longer than a header may be."""

    def __init__(self, readline: Callable[[int], bytes]) -> None:
        self._readline = readline
        self.seen = bytearray()

    def next(self) -> bytes:
        line = self._readline(LARGEST - len(self.seen))
        self.seen += line
        if not line.endswith(b"\n"):
            if _VERSION.startswith(bytes(self.seen[: len(_VERSION)])) or self.seen.startswith(_VERSION):
                raise HeaderDamaged("the file ends within its header")
            raise NotAgeFile("this is not an age file")
        return line


class _Ahead:
    """Lines of a header out of ranged reads, a few kilobytes at a time."""

    _STEP = 8192

    def __init__(self, read_at: Callable[[int, int], bytes]) -> None:
        self._read_at = read_at
        self._seen, self._at = bytearray(), 0

    def readline(self, most: int) -> bytes:
        while (end := self._seen.find(b"\n", self._at)) < 0 and len(self._seen) - self._at < most:
            more = self._read_at(len(self._seen), self._STEP)
            if not more:
                break
            self._seen += more
        stop = len(self._seen) if end < 0 else end + 1
        line = bytes(self._seen[self._at : min(stop, self._at + most)])
        self._at += len(line)
        return line


def _stanza(line: bytes, lines: _Lines) -> Stanza:
    if not line.startswith(b"-> "):
        raise HeaderDamaged("a line of the header is not one of the format")
    arguments = line[3:-1].split(b" ")
    if not all(argument and all(33 <= byte <= 126 for byte in argument) for argument in arguments):
        raise HeaderDamaged("a stanza's arguments are damaged")
    body = bytearray()
    while True:
        text = lines.next()[:-1]
        if len(text) > COLUMNS or not text.isascii():
            raise HeaderDamaged("a stanza's line is damaged")
        body += from_base64(text.decode("ascii"))
        if len(text) < COLUMNS:
            return Stanza(tuple(argument.decode("ascii") for argument in arguments), bytes(body))


def _mac(line: bytes) -> bytes:
    if not line.startswith(b"--- ") or not line.isascii():
        raise HeaderDamaged("the header's last line is damaged")
    mac = from_base64(line[4:-1].decode("ascii"))
    if len(mac) != _MAC:
        raise HeaderDamaged("the header's code has the wrong length")
    return mac


def _hmac(file_key: bytes, covered: bytes) -> HMAC:
    made = HMAC(HKDF(algorithm=SHA256(), length=32, salt=b"", info=b"header").derive(file_key), SHA256())
    made.update(covered)
    return made
