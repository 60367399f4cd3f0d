"""Audit events of consent."""

from portal.audit.domain import EventKind

SHEET_READ = EventKind("consent.sheet_read", frozenset({"sheet"}))
CHECK_ANSWERED = EventKind("consent.check_answered", frozenset({"right", "questions"}))
GIVEN = EventKind("consent.given", frozenset({"reference", "form", "sheet", "version"}))
COUNTERSIGNED = EventKind("consent.countersigned", frozenset({"reference", "consent", "identity_check"}))
WITHDRAWN = EventKind("consent.withdrawn", frozenset({"reference", "level"}))
RECEIPT_READ = EventKind("consent.receipt_read", frozenset({"reference"}))
