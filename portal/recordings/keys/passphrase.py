"""An age file that a passphrase opens (scrypt), as the browser makes it. Used for the demonstration's keys."""

import base64
import hashlib
import os

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.recordings.age import NONCE, Payload

_LABEL = b"age-encryption.org/v1/scrypt"
_R, _P = 8, 1


def seal(text: str, passphrase: str, *, work: int = 18) -> bytes:
    """The text for whoever knows the passphrase.

    Args:
        work: log2 of scrypt's N. 18 takes about a second and 256 MiB.
    """
    file_key, salt = os.urandom(16), os.urandom(16)
    derived = hashlib.scrypt(
        passphrase.encode(), salt=_LABEL + salt, n=1 << work, r=_R, p=_P, maxmem=(129 * _R) << work, dklen=32
    )
    wrapped = ChaCha20Poly1305(derived).encrypt(bytes(12), file_key, None)
    start = f"age-encryption.org/v1\n-> scrypt {_base64(salt)} {work}\n{_base64(wrapped)}\n---".encode()
    code = HMAC(HKDF(SHA256(), 32, salt=None, info=b"header").derive(file_key), SHA256())
    code.update(start)
    nonce = os.urandom(NONCE)
    sealed = Payload(file_key, nonce).seal(0, text.encode(), last=True)
    return start + f" {_base64(code.finalize())}\n".encode() + nonce + sealed


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii").rstrip("=")
