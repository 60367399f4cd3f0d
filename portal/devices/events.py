"""Audit events of where somebody is signed in."""

from portal.audit.domain import EventKind

MEMBER_SESSIONS_ENDED = EventKind("team.sessions_ended", frozenset({"sessions"}))
PARTICIPANT_SESSIONS_ENDED = EventKind("people.sessions_ended", frozenset({"sessions"}))
