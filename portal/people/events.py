"""Audit events of people."""

from portal.audit.domain import EventKind

INVITED = EventKind("people.invited", frozenset({"group", "site"}))
INVITATION_RENEWED = EventKind("people.invitation_renewed")
INVITATION_OPENED = EventKind("people.invitation_opened")
CONTACT_CHOSEN = EventKind("people.contact_chosen")
OPTIONAL_STOPPED = EventKind("people.optional_messages_stopped")
EMAIL_SET = EventKind("people.email_set")
SIGNED_IN = EventKind("people.signed_in", frozenset({"method"}))
CODE_REFUSED = EventKind("people.code_refused")
IDENTITY_READ = EventKind("people.identity_read", frozenset({"why"}))
