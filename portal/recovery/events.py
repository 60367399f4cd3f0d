"""Audit events of recoveries."""

from portal.audit.domain import EventKind

ASKED = EventKind("recovery.asked", frozenset({"request"}))
AGREED = EventKind("recovery.agreed", frozenset({"request"}))
DECLINED = EventKind("recovery.declined", frozenset({"request"}))
DONE = EventKind("recovery.done", frozenset({"request"}))
