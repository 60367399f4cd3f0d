"""Audit events of what two people decide about a recording. What follows has events of its own."""

from portal.audit.domain import EventKind

ASKED = EventKind("recordings.request_made", frozenset({"request", "what", "why"}))
DECIDED = EventKind("recordings.request_decided", frozenset({"request", "what", "agreed"}))
