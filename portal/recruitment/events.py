"""Audit events of not taking part."""

from portal.audit.domain import EventKind

DECLINED = EventKind("recruitment.declined", frozenset({"reason"}))
EXCLUDED = EventKind("recruitment.excluded", frozenset({"reason"}))
READMITTED = EventKind("recruitment.readmitted")
