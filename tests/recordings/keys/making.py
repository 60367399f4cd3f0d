"""Keys and wrapped copies as the browser makes them."""

import base64

from portal.recordings.age import Kind, new_identity
from portal.recordings.keys.domain import NewWrap, WrapKind
from portal.recordings.keys.passphrase import seal

PASSPHRASE = "seven plain words make a passphrase"
IDENTITY = new_identity(Kind.X25519)
_SEALED = base64.b64encode(seal(IDENTITY.encode(), PASSPHRASE, work=17)).decode()
PASSKEY = "AGE-PLUGIN-FIDO2PRF-1" + "Q" * 60


def by_passphrase(blob: str = _SEALED, name: str = "Passphrase") -> NewWrap:
    return NewWrap(WrapKind.PASSPHRASE, name, blob)


def by_passkey(name: str = "laptop") -> NewWrap:
    text = (
        b"age-encryption.org/v1\n-> age-encryption.org/fido2prf "
        + b"A" * 22
        + b"\n"
        + b"B" * 43
        + b"\n--- C\n"
        + b"x" * 99
    )
    return NewWrap(WrapKind.PASSKEY, name, base64.b64encode(text).decode(), PASSKEY)
