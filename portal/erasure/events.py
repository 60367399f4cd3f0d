"""Audit events of erasing."""

from portal.audit.domain import EventKind

ERASED = EventKind(
    "erasure.carried_out", frozenset({"reference", "kind_of_data", "cause", "outcome", "removed", "record"})
)
REQUESTED = EventKind("erasure.requested", frozenset({"request", "kinds", "why"}))
DECIDED = EventKind("erasure.decided", frozenset({"request", "approved"}))
DECLARED = EventKind("erasure.milestone_declared", frozenset({"milestone", "day"}))
CONFIRMED = EventKind("erasure.milestone_confirmed", frozenset({"milestone", "day"}))
