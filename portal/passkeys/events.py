"""Audit events of passkeys."""

from portal.audit.domain import EventKind

ADDED = EventKind("passkeys.added")
REMOVED = EventKind("passkeys.removed")
REFUSED = EventKind("passkeys.refused")
