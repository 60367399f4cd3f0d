"""One way to write a value down, so that a hash of it means the same everywhere and for ever."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping


def canonical_json(value: object) -> bytes:
    """The value as JSON in UTF-8: keys sorted, no spaces, text in Unicode NFC.

    Takes None, bool, int, str, lists, tuples and mappings with text keys. Floats are refused (TypeError),
    since two programs may write the same number differently.
    """
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode(
        "utf-8"
    )


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of the bytes, as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        return {unicodedata.normalize("NFC", _key(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _key(key: object) -> str:
    if isinstance(key, str):
        return key
    raise TypeError(f"a key must be text, not {type(key).__name__}")
