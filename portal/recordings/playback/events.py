"""Audit events of notes on recordings."""

from portal.audit.domain import EventKind

NOTE_ADDED = EventKind("recordings.note_added", frozenset({"note"}))
