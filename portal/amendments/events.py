"""Audit events of amendments."""

from portal.audit.domain import EventKind

DRAFTED = EventKind("amendments.drafted", frozenset({"content", "base"}))
APPROVED = EventKind("amendments.approved", frozenset({"content"}))
WITHDRAWN = EventKind("amendments.withdrawn", frozenset({"content"}))
PUBLISHED = EventKind("amendments.published", frozenset({"content", "base"}))
