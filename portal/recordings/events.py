"""Audit events of recordings. Their subject is "recording:<id>"."""

from portal.audit.domain import EventKind

CATALOGUED = EventKind("recordings.catalogued", frozenset({"room", "tracks", "interrupted", "head"}))
PLAYED = EventKind("recordings.played")
DOWNLOADED = EventKind("recordings.downloaded", frozenset({"file"}))
REWRAPPED = EventKind("recordings.rewrapped", frozenset({"files", "recipients", "approved_by"}))
DESTRUCTION_ORDERED = EventKind("recordings.destruction_ordered", frozenset({"why", "approved_by"}))
DESTROYED = EventKind("recordings.destroyed", frozenset({"files", "bytes", "head"}))
PROBLEM_FOUND = EventKind("recordings.problem_found", frozenset({"what"}))
