"""Audit events of rooms: who came and what was done, never what was said. People are the room's pseudonyms."""

from portal.audit.domain import EventKind

OPENED = EventKind("rooms.opened", frozenset({"participant", "by_hand"}))
GUEST_INVITED = EventKind("rooms.guest_invited", frozenset({"role"}))
JOINED = EventKind("rooms.joined", frozenset({"role", "recording_allowed"}))
OUTCOME = EventKind("rooms.outcome", frozenset({"participant", "outcome"}))
STOP_ASKED = EventKind("rooms.stop_asked", frozenset({"person", "role"}))
STOP_SEEN = EventKind("rooms.stop_seen", frozenset({"person"}))
NOTES_READ = EventKind("rooms.notes_read")
ADMITTED = EventKind("rooms.admitted", frozenset({"person", "role"}))
RECORDING_STARTED = EventKind("rooms.recording_started", frozenset({"recording", "by"}))
RECORDING_PAUSED = EventKind("rooms.recording_paused", frozenset({"recording", "by", "reason"}))
RECORDING_RESUMED = EventKind("rooms.recording_resumed", frozenset({"recording", "by"}))
RECORDING_STOPPED = EventKind("rooms.recording_stopped", frozenset({"recording", "by", "reason"}))
RECORDING_FAILED = EventKind("rooms.recording_failed", frozenset({"recording", "reason"}))
