"""Audit events of the team's keys. A public key's fingerprint is no secret and no personal data."""

from portal.audit.domain import EventKind

REGISTERED = EventKind("key.registered", frozenset({"fingerprint", "of"}))
CONFIRMED = EventKind("key.confirmed", frozenset({"fingerprint"}))
RETIRED = EventKind("key.retired", frozenset({"fingerprint"}))
WRAP_ADDED = EventKind("key.way_in_added", frozenset({"wrap", "of"}))
WRAP_REMOVED = EventKind("key.way_in_removed", frozenset({"wrap", "of"}))
WRAPS_HANDED = EventKind("key.unlock_offered")
