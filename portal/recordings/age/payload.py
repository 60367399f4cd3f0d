"""The payload: chunks of 64 KiB, each sealed by itself at its place, the last one marked as last."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.recordings.age.errors import ChunkRefused

CHUNK = 64 * 1024
TAG = 16
SEALED = CHUNK + TAG
NONCE = 16
_BIGGEST_INDEX = (1 << 88) - 1


class Payload:
    """Seals and opens the chunks of one file. Each place must be sealed with one plaintext only."""

    def __init__(self, file_key: bytes, nonce: bytes) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=nonce, info=b"payload").derive(file_key)
        self._cipher = ChaCha20Poly1305(key)

    def seal(self, index: int, chunk: bytes | bytearray | memoryview, *, last: bool) -> bytes:
        """The chunk, sealed at its place."""
        return self._cipher.encrypt(_place(index, last=last), chunk, None)

    def seal_into(self, index: int, chunk: memoryview, target: memoryview, *, last: bool) -> int:
        """The same without a copy. Gives the length in `target`, which must have exactly that length."""
        return self._cipher.encrypt_into(_place(index, last=last), chunk, None, target)

    def open(self, index: int, sealed: bytes | bytearray | memoryview, *, last: bool) -> bytes:
        """The chunk's plaintext. Raises ChunkRefused."""
        try:
            return self._cipher.decrypt(_place(index, last=last), sealed, None)
        except InvalidTag as error:
            raise ChunkRefused(f"chunk {index} does not open at its place") from error

    def open_into(self, index: int, sealed: memoryview, target: memoryview, *, last: bool) -> int:
        """The same without a copy. `target` must have exactly the plaintext's length. Raises ChunkRefused."""
        try:
            return self._cipher.decrypt_into(_place(index, last=last), sealed, None, target)
        except InvalidTag as error:
            raise ChunkRefused(f"chunk {index} does not open at its place") from error


def new_nonce() -> bytes:
    """A fresh payload nonce."""
    return os.urandom(NONCE)


def chunks_of(sealed_size: int) -> int:
    """How many chunks so many bytes of sealed chunks (nonce left out) are, a last short one counted."""
    return -(-sealed_size // SEALED)


def plaintext_size(sealed_size: int) -> int:
    """How many bytes of plaintext so many bytes of sealed chunks (nonce left out) hold.

    Raises:
        ChunkRefused: no file has this size; it was cut.
    """
    rest = sealed_size % SEALED
    if sealed_size < TAG or 0 < rest < TAG or (rest == TAG and sealed_size > TAG):
        raise ChunkRefused("the file was cut: its last chunk is not whole")
    return sealed_size - chunks_of(sealed_size) * TAG


def _place(index: int, *, last: bool) -> bytes:
    return index.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
