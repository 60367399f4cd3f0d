"""Audit events of the delegation log."""

from portal.audit.domain import EventKind

SIGNED = EventKind("delegation.signed", frozenset({"task", "starts_on", "ends_on"}))
ENDED = EventKind("delegation.ended", frozenset({"task"}))
