"""What running the portal puts on record."""

from portal.audit.domain import EventKind

BACKUP_MADE = EventKind("operations.backup_made", frozenset({"name", "manifest", "bytes"}))
RESTORED = EventKind("operations.restored", frozenset({"name", "manifest"}))
