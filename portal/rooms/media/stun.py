"""The few STUN messages (RFC 8489) that an ICE-lite agent needs: it reads binding requests and answers them.

Anybody on the network can send these bytes, so parsing is strict, short, and raises nothing but ValueError.
"""

import hashlib
import hmac
import ipaddress
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

COOKIE = 0x2112A442
_COOKIE_BYTES = COOKIE.to_bytes(4, "big")
_HEADER = Struct("!HHI12s")
_ATTRIBUTE = Struct("!HH")
_BINDING_REQUEST, _BINDING_SUCCESS = 0x0001, 0x0101
_USERNAME, _INTEGRITY, _MAPPED, _USE_CANDIDATE, _FINGERPRINT = 0x0006, 0x0008, 0x0020, 0x0025, 0x8028
_FINGERPRINT_MASK = 0x5354554E
LONGEST = 1500


@dataclass(frozen=True)
class BindingRequest:
    """A connectivity check. Nothing in it is trusted before `verify`."""

    transaction: bytes
    username: str
    nominates: bool
    signed: bytes
    """The bytes that the integrity code covers, with the length they are signed under."""
    integrity: bytes

    def verify(self, password: bytes) -> bool:
        """True where whoever sent it knows our password."""
        return hmac.compare_digest(hmac.new(password, self.signed, hashlib.sha1).digest(), self.integrity)


def parse(data: bytes) -> BindingRequest:
    """Read a binding request that has a user name and an integrity code. Raises ValueError for anything else."""
    if not 20 <= len(data) <= LONGEST:
        raise ValueError("length")
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind != _BINDING_REQUEST or cookie != COOKIE or length != len(data) - 20 or length % 4:
        raise ValueError("no binding request")
    found: dict[int, bytes] = {}
    for name, value, at in _attributes(data):
        found[name] = value
        if name == _INTEGRITY:  # what follows is not authenticated
            signed = _under_length(data[:at], at + 24 - 20)
            break
    username = found.get(_USERNAME, b"").decode("ascii")  # UnicodeDecodeError is a ValueError
    if not username or len(found.get(_INTEGRITY, b"")) != 20:
        raise ValueError("not authenticated")
    return BindingRequest(transaction, username, _USE_CANDIDATE in found, signed, found[_INTEGRITY])


def _attributes(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Name, value and place of each attribute. The message's length is a multiple of four."""
    at = 20
    while at < len(data):
        name, size = _ATTRIBUTE.unpack_from(data, at)
        value = data[at + 4 : at + 4 + size]
        if len(value) != size:
            raise ValueError("truncated attribute")
        yield name, value, at
        at += 4 + size + (-size % 4)


def success(request: BindingRequest, password: bytes, host: str, port: int) -> bytes:
    """The answer to a verified request: the address it came from, signed."""
    return _sealed(_BINDING_SUCCESS, request.transaction, _mapped(request.transaction, host, port), password)


def request(transaction: bytes, username: str, password: bytes, *, nominate: bool) -> bytes:
    """A binding request as a controlling agent sends it; the load generator's clients use it."""
    name = username.encode("ascii")
    body = _attribute(_USERNAME, name) + _attribute(0x0024, (0x6E0001FF).to_bytes(4, "big"))
    body += _attribute(0x802A, b"\x01" * 8)  # ICE-CONTROLLING with any tie-breaker: we never argue about the role
    if nominate:
        body += _attribute(_USE_CANDIDATE, b"")
    return _sealed(_BINDING_REQUEST, transaction, body, password)


def _sealed(kind: int, transaction: bytes, body: bytes, password: bytes) -> bytes:
    head = _HEADER.pack(kind, len(body) + 24, COOKIE, transaction)
    body += _attribute(_INTEGRITY, hmac.new(password, head + body, hashlib.sha1).digest())
    head = _HEADER.pack(kind, len(body) + 8, COOKIE, transaction)
    check = zlib.crc32(head + body) ^ _FINGERPRINT_MASK
    return head + body + _attribute(_FINGERPRINT, check.to_bytes(4, "big"))


def _mapped(transaction: bytes, host: str, port: int) -> bytes:
    address = ipaddress.ip_address(host.partition("%")[0])
    mask = _COOKIE_BYTES + transaction
    hidden = bytes(a ^ b for a, b in zip(address.packed, mask, strict=False))
    family = 1 if address.version == 4 else 2
    return _attribute(_MAPPED, bytes((0, family)) + (port ^ (COOKIE >> 16)).to_bytes(2, "big") + hidden)


def _attribute(name: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(name, len(value)) + value + bytes(-len(value) % 4)


def _under_length(data: bytes, length: int) -> bytes:
    return data[:2] + length.to_bytes(2, "big") + data[4:]
