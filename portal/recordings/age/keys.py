"""Public keys (recipients) and secret keys (identities), of the two kinds that we write.

`X25519` is read by every age tool. `mlkem768x25519` also resists quantum computers; typage 0.3 and age 1.3 read it,
older tools (Debian 12's age 1.1.1, rage, pyrage 1.4) do not.
"""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.recordings.age import bech32
from portal.recordings.age.errors import HeaderDamaged, KeyMalformed
from portal.recordings.age.stanza import Stanza, from_base64, to_base64

FILE_KEY = 16
_SECRET = 32
_SHARE = 32
_WRAPPED = FILE_KEY + 16
_ZERO_NONCE = bytes(12)
_X25519_INFO = b"age-encryption.org/v1/X25519"
_HYBRID_INFO = b"age-encryption.org/mlkem768x25519"
_MLKEM_PUBLIC = 1184
_ENCAPSULATED = 1120
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


class Kind(StrEnum):
    """A kind of key, by the name of its stanza."""

    X25519 = "X25519"
    HYBRID = "mlkem768x25519"


DEFAULT_KIND = Kind.HYBRID
"""The kind of new keys. Recordings of health must stay closed for longer than X25519 alone may hold."""

_RECIPIENT_PREFIX = {Kind.X25519: "age", Kind.HYBRID: "age1pq"}
_IDENTITY_PREFIX = {Kind.X25519: "age-secret-key-", Kind.HYBRID: "age-secret-key-pq-"}
_RECIPIENT_SIZE = {Kind.X25519: 32, Kind.HYBRID: _MLKEM_PUBLIC + 32}


@dataclass(frozen=True)
class Recipient:
    """A public key that files are encrypted to. `str()` writes it as age does: age1… or age1pq1…"""

    kind: Kind
    key: bytes = field(repr=False)

    def __str__(self) -> str:
        return bech32.encode(_RECIPIENT_PREFIX[self.kind], self.key)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the written public key: what manifests and audit events name it by."""
        return hashlib.sha256(str(self).encode("ascii")).hexdigest()

    def wrap(self, file_key: bytes) -> Stanza:
        """The file key, for this recipient alone."""
        return _wrap_hybrid(self.key, file_key) if self.kind is Kind.HYBRID else _wrap_x25519(self.key, file_key)


@dataclass(frozen=True)
class Identity:
    """A secret key. Never logged: its representation hides it."""

    kind: Kind
    secret: bytes = field(repr=False)

    @cached_property
    def recipient(self) -> Recipient:
        """The public key that belongs to it."""
        if self.kind is Kind.HYBRID:
            mlkem, x25519 = _hybrid_parts(self.secret)
            return Recipient(self.kind, mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw())
        return Recipient(self.kind, X25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw())

    def encode(self) -> str:
        """The secret key as age writes it: AGE-SECRET-KEY-1… or AGE-SECRET-KEY-PQ-1…"""
        return bech32.encode(_IDENTITY_PREFIX[self.kind], self.secret).upper()

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """The file key, or None if the stanza is not for this identity. Raises HeaderDamaged."""
        if stanza.kind != self.kind:
            return None
        if self.kind is Kind.HYBRID:
            return _unwrap_hybrid(self.secret, stanza)
        return _unwrap_x25519(self, stanza)


def new_identity(kind: Kind = DEFAULT_KIND) -> Identity:
    """A fresh secret key from the system's randomness."""
    return Identity(kind, os.urandom(_SECRET))


def parse_recipient(text: str) -> Recipient:
    """A written public key, age1… or age1pq1… Raises KeyMalformed."""
    text = text.strip()
    if text.upper().startswith("AGE-SECRET-KEY-"):
        raise KeyMalformed("this is a secret key: never give it away; the public key starts with age1")
    prefix, key = bech32.decode(text)
    for kind, wanted in _RECIPIENT_PREFIX.items():
        if prefix == wanted and text.startswith(wanted) and len(key) == _RECIPIENT_SIZE[kind]:
            return Recipient(kind, key)
    raise KeyMalformed("a public key starts with age1 or age1pq1, and this is not a whole one")


def parse_identity(text: str) -> Identity:
    """A written secret key, AGE-SECRET-KEY-1… or AGE-SECRET-KEY-PQ-1… Raises KeyMalformed."""
    text = text.strip()
    prefix, secret = bech32.decode(text)
    for kind, wanted in _IDENTITY_PREFIX.items():
        if prefix == wanted and text.isupper() and len(secret) == _SECRET:
            return Identity(kind, secret)
    raise KeyMalformed("a secret key starts with AGE-SECRET-KEY-1 or AGE-SECRET-KEY-PQ-1, and this is not a whole one")


def read_identities(text: str) -> list[Identity]:
    """The identities of a key file: one a line, # begins a comment. Raises KeyMalformed, naming the line."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                found.append(parse_identity(line))
            except KeyMalformed as error:
                raise KeyMalformed(f"line {number} of the key file: {error}") from error
    if not found:
        raise KeyMalformed("the key file holds no secret key")
    return found


def file_key_from(stanzas: Iterable[Stanza], identities: Iterable[Identity]) -> bytes | None:
    """The file key that the first fitting identity unwraps, or None. Raises HeaderDamaged."""
    listed = list(identities)
    for stanza in stanzas:
        for identity in listed:
            file_key = identity.unwrap(stanza)
            if file_key is not None:
                return file_key
    return None


def _wrap_x25519(recipient: bytes, file_key: bytes) -> Stanza:
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    try:
        secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    except ValueError as error:
        raise KeyMalformed("this public key is not a usable one") from error
    key = _x25519_key(secret, share + recipient)
    return Stanza((Kind.X25519, to_base64(share)), ChaCha20Poly1305(key).encrypt(_ZERO_NONCE, file_key, None))


def _unwrap_x25519(identity: Identity, stanza: Stanza) -> bytes | None:
    share = _argument(stanza, _SHARE)
    try:
        secret = X25519PrivateKey.from_private_bytes(identity.secret).exchange(X25519PublicKey.from_public_bytes(share))
    except ValueError as error:
        raise HeaderDamaged("a stanza's share is not a usable one") from error
    key = _x25519_key(secret, share + identity.recipient.key)
    try:
        return ChaCha20Poly1305(key).decrypt(_ZERO_NONCE, stanza.body, None)
    except InvalidTag:
        return None


def _x25519_key(secret: bytes, salt: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=_X25519_INFO).derive(secret)


def _wrap_hybrid(recipient: bytes, file_key: bytes) -> Stanza:
    try:
        public = hpke.MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(recipient[:_MLKEM_PUBLIC]),
            X25519PublicKey.from_public_bytes(recipient[_MLKEM_PUBLIC:]),
        )
        sealed = _SUITE.encrypt(file_key, public, _HYBRID_INFO)
    except ValueError as error:
        raise KeyMalformed("this public key is not a usable one") from error
    return Stanza((Kind.HYBRID, to_base64(sealed[:_ENCAPSULATED])), sealed[_ENCAPSULATED:])


def _unwrap_hybrid(secret: bytes, stanza: Stanza) -> bytes | None:
    encapsulated = _argument(stanza, _ENCAPSULATED)
    mlkem, x25519 = _hybrid_parts(secret)
    try:
        x25519.exchange(X25519PublicKey.from_public_bytes(encapsulated[-_SHARE:]))  # refuses points of low order
        return _SUITE.decrypt(encapsulated + stanza.body, hpke.MLKEM768X25519PrivateKey(mlkem, x25519), _HYBRID_INFO)
    except InvalidTag:
        return None
    except ValueError as error:
        raise HeaderDamaged("a stanza's share is not a usable one") from error


def _hybrid_parts(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    """The two secret keys that SHAKE-256 stretches the seed to."""
    stretched = hashlib.shake_256(seed).digest(96)
    return MLKEM768PrivateKey.from_seed_bytes(stretched[:64]), X25519PrivateKey.from_private_bytes(stretched[64:])


def _argument(stanza: Stanza, size: int) -> bytes:
    if len(stanza.arguments) != 2:
        raise HeaderDamaged(f"a stanza of kind {stanza.kind} must have one argument")
    argument = from_base64(stanza.arguments[1])
    if len(argument) != size or len(stanza.body) != _WRAPPED:
        raise HeaderDamaged(f"a stanza of kind {stanza.kind} has the wrong length")
    return argument
