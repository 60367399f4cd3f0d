"""Audit events of booking: references and times, never what somebody needs or wrote."""

from portal.audit.domain import EventKind

MADE = EventKind("booking.made", frozenset({"reference", "starts_at", "interviewer", "mode"}))
MOVED = EventKind("booking.moved", frozenset({"reference", "sequence", "starts_at", "interviewer", "mode"}))
CANCELLED = EventKind("booking.cancelled", frozenset({"reference", "sequence", "cause"}))
EARLIER_WANTED = EventKind("booking.earlier_wanted", frozenset({"reference", "wanted"}))
HOURS_SET = EventKind("booking.hours_set", frozenset({"key"}))
AWAY_SET = EventKind("booking.away_set", frozenset({"number"}))
AWAY_REMOVED = EventKind("booking.away_removed", frozenset({"number"}))
CALENDAR_SET = EventKind("booking.calendar_set", frozenset({"what"}))
FEED_ISSUED = EventKind("booking.feed_issued")
FEED_REVOKED = EventKind("booking.feed_revoked")
DETAILS_READ = EventKind("booking.details_read", frozenset({"reference"}))
