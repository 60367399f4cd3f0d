"""Audit events of the team's accounts."""

from portal.audit.domain import EventKind

INVITED = EventKind("team.invited", frozenset({"role"}))
JOINED = EventKind("team.joined", frozenset({"role"}))
SIGNED_IN = EventKind("team.signed_in", frozenset({"method"}))
SIGN_IN_REFUSED = EventKind("team.sign_in_refused")
CONFIRMED = EventKind("team.confirmed", frozenset({"method"}))
CHANGED = EventKind("team.member_changed", frozenset({"role", "sites"}))
CLOSED = EventKind("team.account_closed")
PASSWORD_CHANGED = EventKind("team.password_changed")
