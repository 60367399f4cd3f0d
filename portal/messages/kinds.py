"""Every message there is: its fields, and the rules it follows. `templates/emails/<name>.txt` has the words.

To send one, a feature calls `Outbox.queue(session, template=…, to=…, key=…, context=…)` in the transaction of the deed
itself. Moments in a context are ISO 8601 with zone; the templates show them in Europe/London.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from portal.messages.errors import UnknownMessage


@dataclass(frozen=True)
class Cap:
    """At most so many of one kind to one person in a span of time; a fault elsewhere cannot flood her."""

    most: int
    within: timedelta


@dataclass(frozen=True)
class Kind:
    """One kind of message."""

    name: str
    fields: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    """Fields that can be left out."""
    at_once: bool = False
    """She asked for it a moment ago: it goes at any hour, by e-mail, whatever else she chose."""
    optional: bool = False
    """She can do without, and can stop it by one click."""
    needed: bool = True
    """Whether the team must hear of it if she has given no address for it."""
    for_team: bool = False
    cap: Cap = Cap(6, timedelta(days=1))

    def check(self, given: Mapping[str, str]) -> None:
        """Raises UnknownMessage unless the fields are those declared."""
        wrong = (self.fields - set(given)) | (set(given) - self.fields - self.may)
        if wrong:
            raise UnknownMessage(f"message {self.name}: fields {sorted(wrong)} are missing or not declared")


_WHEN = frozenset({"starts_at", "ends_at"})
_HOW = frozenset({"zone", "by_phone"})
"""zone: her own time zone, shown beside London's if it differs. by_phone: "yes" if we ring her instead."""
_WEEK, _HOUR = timedelta(days=7), timedelta(hours=1)

_ALL = (
    Kind("invitation", frozenset({"token"}), at_once=True),
    Kind("sign_in_code", frozenset({"code"}), at_once=True, cap=Cap(10, _HOUR)),
    Kind("copy_ready", needed=False),
    Kind("booking_made", _WHEN, _HOW),
    Kind("booking_moved", _WHEN, _HOW),
    Kind("booking_cancelled", _WHEN, _HOW),
    Kind("reminder", _WHEN, _HOW, optional=True, cap=Cap(4, _WEEK)),
    Kind("join_link", _WHEN, _HOW, cap=Cap(3, timedelta(days=1))),
    Kind("earlier_time", optional=True, cap=Cap(2, timedelta(days=1))),
    Kind("thanks", needed=False),
    Kind("results_summary", optional=True),
    Kind("message_waiting"),
    Kind("team_consent", for_team=True, cap=Cap(10, _HOUR)),
    Kind("team_message", for_team=True, cap=Cap(4, _HOUR)),
    Kind("team_booking", _WHEN, frozenset({"what"}), for_team=True, cap=Cap(100, _HOUR)),
    Kind("team_recording_alarm", for_team=True, cap=Cap(10, _HOUR)),
    Kind("team_stop", for_team=True, cap=Cap(10, _HOUR)),
    Kind("team_key_due", for_team=True),
    Kind("team_retention_due", for_team=True),
    Kind("audit_checkpoint", frozenset({"note"}), for_team=True),
    Kind("team_signed_in", frozenset({"browser", "system", "at"}), for_team=True, at_once=True, cap=Cap(20, _HOUR)),
    Kind("team_account_changed", frozenset({"what", "at"}), for_team=True, at_once=True, cap=Cap(20, _HOUR)),
    Kind("team_status", frozenset({"part"}), for_team=True, cap=Cap(20, timedelta(days=1))),
)
KINDS: Mapping[str, Kind] = {one.name: one for one in _ALL}


def kind(name: str) -> Kind:
    """The kind of this name. Raises UnknownMessage."""
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownMessage(f"there is no message {name}") from None
