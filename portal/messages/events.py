"""Audit events of messages. Sending itself is not one: the outbox keeps what was sent, to whom and when."""

from portal.audit.domain import EventKind

SENT_AGAIN = EventKind("messages.sent_again", frozenset({"template"}))
SETTLED = EventKind("messages.settled", frozenset({"template"}))
