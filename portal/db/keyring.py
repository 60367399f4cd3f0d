"""The keys that seal identities in the database: AES-256-GCM, versioned, rotatable.

Every sealed value is `version (2 bytes) | nonce (12) | ciphertext and tag`, with its purpose as associated data, so
that a value moved to another column does not open. A key per purpose is derived by HKDF, which keeps the number of
random nonces under one AES key far below the limit of NIST SP 800-38D. Blind indexes (`digest`) use a key of their
own that stays over rotations, since they cannot be turned back into text.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.db.errors import KeyringError
from portal.key_files import load_or_make

_NONCE = 12
_VERSION = 2


class Keyring:
    """Seals and opens small values. Thread-safe; holds 32-byte keys by version."""

    def __init__(self, keys: Mapping[int, bytes], index_key: bytes) -> None:
        if not keys or any(len(key) != 32 for key in [*keys.values(), index_key]):
            raise KeyringError("the data keys must each be 32 bytes, and there must be at least one")
        self._keys = dict(keys)
        self._index_key = index_key
        self.current = max(keys)
        self._cipher = lru_cache(maxsize=256)(self._make_cipher)

    @classmethod
    def new(cls) -> Self:
        """A keyring with one fresh key."""
        return cls({1: secrets.token_bytes(32)}, secrets.token_bytes(32))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote. Raises KeyringError."""
        try:
            data = json.loads(text)
            keys = {int(version): base64.b64decode(key) for version, key in data["keys"].items()}
            return cls(keys, base64.b64decode(data["index"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise KeyringError("the data keys cannot be read: they are not what the portal writes") from error

    @classmethod
    def load_or_create(cls, path: Path) -> Self:
        """The keyring in the file, made (mode 0600) if there is none. Two processes that start at once agree."""
        return cls.from_json(load_or_make(path, lambda: cls.new().to_json().encode("ascii")).decode("ascii"))

    def to_json(self) -> str:
        """The keys as text, for a file that only the portal may read."""
        keys = {str(version): base64.b64encode(key).decode() for version, key in self._keys.items()}
        return json.dumps({"keys": keys, "index": base64.b64encode(self._index_key).decode()})

    def rotated(self) -> Self:
        """A keyring with one more key, which seals from now on; the older ones still open."""
        return type(self)({**self._keys, self.current + 1: secrets.token_bytes(32)}, self._index_key)

    def without_old(self) -> Self:
        """A keyring with the current key alone, for when everything has been sealed anew."""
        return type(self)({self.current: self._keys[self.current]}, self._index_key)

    def joined(self, other: Self) -> Self:
        """A keyring with the keys of both, of one portal at two times. Raises KeyringError."""
        clash = [
            version for version in self._keys if other._keys.get(version, self._keys[version]) != self._keys[version]
        ]
        if clash or self._index_key != other._index_key:
            raise KeyringError("the data keys are of two different portals")
        return type(self)({**self._keys, **other._keys}, self._index_key)

    def seal(self, purpose: str, plaintext: bytes) -> bytes:
        """Seal bytes for a purpose such as "people.identity.name"."""
        nonce = os.urandom(_NONCE)
        sealed = self._cipher(self.current, purpose).encrypt(nonce, plaintext, purpose.encode())
        return self.current.to_bytes(_VERSION, "big") + nonce + sealed

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """Open what `seal` made for the same purpose. Raises KeyringError."""
        version = self.version_of(sealed)
        nonce, body = sealed[_VERSION : _VERSION + _NONCE], sealed[_VERSION + _NONCE :]
        try:
            return self._cipher(version, purpose).decrypt(nonce, body, purpose.encode())
        except InvalidTag as error:
            raise KeyringError(f"a sealed value of {purpose} does not open: altered, or of another purpose") from error

    def version_of(self, sealed: bytes) -> int:
        """Which key sealed the value."""
        if len(sealed) < _VERSION + _NONCE + 16:
            raise KeyringError("a sealed value is too short to be whole")
        return int.from_bytes(sealed[:_VERSION], "big")

    def digest(self, purpose: str, text: str) -> bytes:
        """A keyed fingerprint of the text (32 bytes), to look a sealed value up by."""
        return hmac.new(self._index_key, f"{purpose}\0{text}".encode(), hashlib.sha256).digest()

    def _make_cipher(self, version: int, purpose: str) -> AESGCM:
        if version not in self._keys:
            raise KeyringError(f"data key version {version} is missing; restore it from the backup of the keys")
        derived = HKDF(SHA256(), 32, salt=None, info=b"portal data key\0" + purpose.encode())
        return AESGCM(derived.derive(self._keys[version]))
