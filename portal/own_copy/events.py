"""Audit events of copies."""

from portal.audit.domain import EventKind

MADE = EventKind("own_copy.made", frozenset({"for_whom", "sha256", "parts"}))
