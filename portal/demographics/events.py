"""Audit events of the questionnaire: that something was answered, never what."""

from portal.audit.domain import EventKind

ANSWERED = EventKind("demographics.answered", frozenset({"question", "changed"}))
