"""The audit trail's chain and its signed checkpoints, by Python's standard library alone.

The portal uses this module; an auditor may take this one file away and run it on an extract, with no portal at hand:

    python3 chain.py extract.jsonl --key KEY [--checkpoint FILE ...]

An extract is JSON Lines: a head, then every event in order with its hash, then the checkpoints. A checkpoint is a
signed note in the form of C2SP tlog-checkpoint: origin, number of events, head of the chain, and an Ed25519 signature.
The head stands in base64 where a Merkle tree's root would; what it commits to is the chain of hashes below.

Exit code 0: whole. 1: not whole. 2: could not be checked.
"""

import argparse
import base64
import hashlib
import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring

GENESIS = "0" * 64
"""What the first event names as its predecessor's hash."""
FORMAT = "audit-extract/1"
_FIELDS = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


class NotAnExtract(Exception):
    """The file is not an extract of an audit trail, or the key or a checkpoint cannot be read."""


def digest(previous: str, seq: int, at: str, kind: str, actor: str, subject: str, fields: str) -> str:
    """SHA-256 (hex) over an event's canonical JSON, which names the event before it by its hash.

    Args:
        at: ISO 8601 in UTC with microseconds and "+00:00".
        fields: as `canonical_fields` writes them.
    """
    body = (
        f'{{"actor":{_quoted(actor)},"at":{_quoted(at)},"fields":{fields},"kind":{_quoted(kind)},'
        f'"previous":"{previous}","seq":{seq},"subject":{_quoted(subject)}}}'
    )
    return hashlib.sha256(body.encode()).hexdigest()


def canonical_fields(fields: Mapping[str, object]) -> str:
    """An event's fields as the hash covers them: keys sorted, no spaces, text in Unicode NFC."""
    text = _FIELDS(fields)
    return text if text.isascii() else _FIELDS({_nfc(key): _nfc(value) for key, value in fields.items()})


def _quoted(text: str) -> str:
    return encode_basestring(text if text.isascii() else unicodedata.normalize("NFC", text))


def _nfc(value: object) -> object:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Link:
    """An event with the hash that was stored beside it. `at` and `fields` are as `digest` takes them."""

    seq: int
    at: str
    kind: str
    actor: str
    subject: str
    fields: str
    hash: str


@dataclass(frozen=True)
class Verdict:
    """What a check of the chain found. `problem` is None when it is whole."""

    events: int
    head: str
    problem: str | None


def follow(links: Iterable[Link], anchors: Mapping[int, str], *, first: int = 1, previous: str = GENESIS) -> Verdict:
    """Recompute the chain link by link.

    Args:
        anchors: hashes known from outside, by event number. They reveal a chain that was cut off or rewritten whole.
    """
    expected, head = first, previous
    wanted = {seq: hash_ for seq, hash_ in anchors.items() if seq >= first}
    for link in links:
        if link.seq != expected:
            what = f"event {expected} is missing" if link.seq > expected else f"event {link.seq} is out of order"
            return Verdict(expected - first, head, what)
        if digest(head, link.seq, link.at, link.kind, link.actor, link.subject, link.fields) != link.hash:
            return Verdict(expected - first, head, f"event {link.seq} was changed after it was recorded")
        if wanted and wanted.pop(link.seq, link.hash) != link.hash:
            return Verdict(expected - first, head, f"event {link.seq} is not the one that was anchored outside")
        head, expected = link.hash, expected + 1
    if wanted:
        what = f"event {min(wanted)}, anchored outside, is missing: the chain was cut"
        return Verdict(expected - first, head, what)
    return Verdict(expected - first, head, None)


@dataclass(frozen=True)
class Checkpoint:
    """What a signed note says: after `size` events the chain's head was `head` (hex)."""

    origin: str
    size: int
    head: str


def note_body(checkpoint: Checkpoint) -> str:
    """The text that is signed."""
    root = base64.b64encode(bytes.fromhex(checkpoint.head)).decode()
    return f"{checkpoint.origin}\n{checkpoint.size}\n{root}\n"


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes by which a note names an Ed25519 key (32 bytes)."""
    return hashlib.sha256(f"{name}\n".encode() + b"\x01" + public).digest()[:4]


def write_key(name: str, public: bytes) -> str:
    """A public key as signed notes spell it: name+id+key."""
    return f"{name}+{key_id(name, public).hex()}+{base64.b64encode(bytes([1]) + public).decode()}"


def read_key(text: str) -> tuple[str, bytes]:
    """Name and public key (32 bytes). Raises NotAnExtract."""
    try:
        name, given, key = text.strip().split("+", 2)
        raw = base64.b64decode(key, validate=True)
    except ValueError as error:
        raise NotAnExtract("the key is not of the form name+id+key") from error
    if len(raw) != 33 or raw[0] != 1 or key_id(name, raw[1:]).hex() != given:
        raise NotAnExtract("the key is damaged, or not an Ed25519 key")
    return name, raw[1:]


def read_note(note: str, key: str) -> Checkpoint:
    """The checkpoint of a note that the key has signed. Raises NotAnExtract for any other."""
    name, public = read_key(key)
    body, _, signatures = note.replace("\r\n", "\n").rstrip("\n").rpartition("\n\n")
    body += "\n"
    for line in signatures.splitlines():
        parts = line.split(" ")
        if len(parts) == 3 and parts[:2] == ["\u2014", name] and _signed(body, parts[2], name, public):
            return _checkpoint(body)
    raise NotAnExtract("a checkpoint is not signed by the key, or was changed")


def _signed(body: str, signature: str, name: str, public: bytes) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    return raw[:4] == key_id(name, public) and ed25519_verify(public, body.encode(), raw[4:])


def _checkpoint(body: str) -> Checkpoint:
    try:
        origin, size, root = body.splitlines()[:3]
        return Checkpoint(origin, int(size), base64.b64decode(root, validate=True).hex())
    except ValueError as error:
        raise NotAnExtract("a checkpoint has another form") from error


# Ed25519 (RFC 8032, section 5.1) on plain integers: slow, but a few checkpoints a minute are enough here.
_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT_OF_MINUS_1 = pow(2, (_P - 1) // 4, _P)
Point = tuple[int, int, int, int]


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature (64 bytes) over the message is the public key's (32 bytes)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, nonce = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or scalar >= _ORDER:
        return False
    hashed = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _ORDER
    left, right = _times(scalar, _base()), _plus(nonce, _times(hashed, key))
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 and (left[1] * right[2] - right[1] * left[2]) % _P == 0


def _base() -> Point:
    found = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))
    assert found is not None  # noqa: S101 - a constant of the curve
    return found


def _point(data: bytes) -> Point | None:
    number = int.from_bytes(data, "little")
    y, sign = number & (2**255 - 1), number >> 255
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_1 % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _plus(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c, d = 2 * one[3] * other[3] * _D % _P, 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _plus(total, point)
        point, scalar = _plus(point, point), scalar >> 1
    return total


def check_extract(lines: Iterable[str], key: str, more: Iterable[str] = ()) -> Verdict:
    """Check an extract: every link, and every checkpoint in it or given with it.

    Args:
        more: notes from elsewhere, such as a receipt or the folder off the machine.

    Raises:
        NotAnExtract
    """
    read = [_line(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not read or read[0].get("format") != FORMAT:
        raise NotAnExtract(f"the first line does not say {FORMAT}")
    first, previous = read[0].get("first"), str(read[0].get("previous"))
    if not isinstance(first, int):
        raise NotAnExtract("the first line does not say with which event it begins")
    notes = [str(one["checkpoint"]) for one in read if "checkpoint" in one]
    anchors: dict[int, str] = {}
    for checkpoint in (read_note(note, key) for note in [*notes, *more]):
        if anchors.setdefault(checkpoint.size, checkpoint.head) != checkpoint.head:
            return Verdict(0, previous, f"two checkpoints differ on event {checkpoint.size}: the trail was forked")
    return follow(_links(read[1:]), anchors, first=first, previous=previous)


def _line(number: int, line: str) -> dict[str, object]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise NotAnExtract(f"line {number} is not JSON") from error
    if not isinstance(value, dict):
        raise NotAnExtract(f"line {number} is not an object")
    return value


def _links(read: Iterable[Mapping[str, object]]) -> Iterator[Link]:
    for one in read:
        if "checkpoint" in one:
            continue
        seq, fields = one.get("seq"), one.get("fields")
        texts = [one.get(name) for name in ("at", "kind", "actor", "subject", "hash")]
        if not isinstance(seq, int) or not isinstance(fields, dict) or not all(isinstance(text, str) for text in texts):
            raise NotAnExtract("an event lacks a part, or has a part of another kind")
        at, kind, actor, subject, hash_ = (str(text) for text in texts)
        yield Link(seq, at, kind, actor, subject, canonical_fields(fields), hash_)


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description="Check an extract of a portal's audit trail, offline.")
    parser.add_argument("extract")
    parser.add_argument("--key", required=True, help="the public key, as the portal shows it: name+id+key")
    parser.add_argument("--checkpoint", action="append", default=[], help="a file with a signed checkpoint")
    given = parser.parse_args()
    try:
        notes = [_read(path) for path in given.checkpoint]
        verdict = check_extract(_read(given.extract).splitlines(), given.key, notes)
    except (OSError, ValueError, NotAnExtract) as error:
        print(f"This could not be checked: {error}", file=sys.stderr)  # noqa: T201 - a program
        return 2
    whole = f"Whole: {verdict.events} events, head {verdict.head}"
    print(f"Not whole: {verdict.problem}" if verdict.problem else whole)  # noqa: T201 - a program
    return 1 if verdict.problem else 0


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - plain Python, for an auditor to read
        return file.read()


if __name__ == "__main__":
    sys.exit(main())
