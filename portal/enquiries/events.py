"""Audit events of conversations. None of them holds a word of what was written."""

from portal.audit.domain import EventKind

ASKED = EventKind("enquiries.asked")
READ = EventKind("enquiries.read")
ANSWERED = EventKind("enquiries.answered")
SET_ASIDE = EventKind("enquiries.set_aside")
RESULTS_SENT = EventKind("enquiries.results_sent", frozenset({"people"}))
