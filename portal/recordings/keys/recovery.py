"""The study's recovery key: an age identity, split into shares of words on paper (SLIP-39), never stored.

Any `threshold` of the shares join it again; fewer tell nothing about it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shamir_mnemonic import MnemonicError, Share, combine_mnemonics, generate_mnemonics

from portal.recordings.age import DEFAULT_KIND, Identity, Kind, new_identity

_KINDS = {Kind.X25519: b"\x00\x01", Kind.HYBRID: b"\x00\x02"}
"""Stands before the secret, since both kinds of secret are 32 bytes long."""


class SharesRefused(Exception):
    """These shares do not join to a recovery key. The message says which and why."""


@dataclass(frozen=True)
class RecoveryKey:
    """A fresh recovery key, for the printer."""

    identity: Identity
    shares: tuple[str, ...]
    threshold: int


def make(threshold: int, shares: int, kind: Kind = DEFAULT_KIND) -> RecoveryKey:
    """A fresh key in so many shares, proved to join again. Raises SharesRefused."""
    if not 2 <= threshold <= shares <= 16:
        raise SharesRefused("choose 2 to 16 shares, of which at least 2 join the key again")
    identity = new_identity(kind)
    (made,) = generate_mnemonics(1, [(threshold, shares)], _KINDS[kind] + identity.secret)
    if join(made[:threshold]) != identity or join(made[-threshold:]) != identity:
        raise SharesRefused("the shares did not join again, so nothing was made: try once more")
    return RecoveryKey(identity, tuple(made), threshold)


def check(share: str) -> str:
    """The share, tidied. Raises SharesRefused: mistyped."""
    tidy = " ".join(share.lower().split())
    try:
        Share.from_mnemonic(tidy)
    except MnemonicError as error:
        raise SharesRefused(f"this share is mistyped: {error}") from error
    return tidy


def needed(share: str) -> int:
    """How many shares join the key that this one belongs to. Raises SharesRefused."""
    return int(Share.from_mnemonic(check(share)).member_threshold)


def join(shares: Sequence[str]) -> Identity:
    """The recovery key of exactly as many shares as are needed. Raises SharesRefused."""
    try:
        secret = combine_mnemonics([check(share) for share in shares])
    except MnemonicError as error:
        raise SharesRefused(f"these shares do not join: {error}") from error
    for kind, prefix in _KINDS.items():
        if secret.startswith(prefix) and len(secret) == len(prefix) + 32:
            return Identity(kind, secret[len(prefix) :])
    raise SharesRefused("these shares join, but to something else than a recovery key of this portal")
