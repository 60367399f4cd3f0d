"""Audit events of notes: that one was written or read, never what it says."""

from portal.audit.domain import EventKind

WRITTEN = EventKind("notes.written", frozenset({"about"}))
READ = EventKind("notes.read", frozenset({"about"}))
