"""Audit events of exports: what was taken out, what for, and the hash of what left."""

from portal.audit.domain import EventKind

STARTED = EventKind("exports.started", frozenset({"export", "purpose", "site"}))
FINISHED = EventKind("exports.finished", frozenset({"export", "sha256", "size", "people"}))
