"""Tickets: what the web process vouches for when somebody joins a room, signed so that the media process can trust it.

`base64url(JSON) "." base64url(HMAC-SHA256 of the first part)`, both without padding. A ticket carries a pseudonym
and no identity. It opens one room, within a short time, once: the media process remembers the nonces of unexpired
tickets.
"""

import base64
import binascii
import dataclasses
import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from portal.key_files import load_or_make
from portal.rooms.errors import TicketRefused

VERSION = 1
LIFETIME = 60
"""Seconds for which a ticket opens its room: web mints one for each attempt to join."""
LEEWAY = 5
"""Seconds by which two machines' clocks may differ."""
LONGEST = 131_072
"""Characters of the longest ticket that is looked at: a post-quantum key has 2,000, and a team may have forty."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PERSON = re.compile(r"[a-z0-9][a-z0-9-]{0,23}")


class Role(StrEnum):
    """What somebody is in the room. The first two run it; the others wait to be admitted."""

    INTERVIEWER = "interviewer"
    CO_INTERVIEWER = "co-interviewer"
    PARTICIPANT = "participant"
    INTERPRETER = "interpreter"
    SUPPORTER = "supporter"

    @property
    def runs_room(self) -> bool:
        """True for those who admit, record and end, and who enter without waiting."""
        return self in (Role.INTERVIEWER, Role.CO_INTERVIEWER)


@dataclass(frozen=True)
class RecordingTerms:
    """How this room may be recorded. The same in every ticket of a room."""

    id: str
    """Name of the recording (`recordings.domain.new_recording_id`): one for each interview, so that a part after a
    crash joins the earlier ones."""
    recipients: tuple[str, ...]
    """The age public keys that the files are encrypted to; at least one."""
    study: str
    """Hash of the published study version, for the manifest."""
    discard_on_withdrawal: bool = True
    """What the study says happens to what is recorded so far when consent is withdrawn in the call."""


@dataclass(frozen=True)
class Ticket:
    """One person's leave to join one room, now. Times are seconds since 1970 (UTC)."""

    room: str
    person: str
    """Pseudonym, the same at every join, such as `p1` (at most 24 of a-z, 0-9 and -); it names recording files."""
    role: Role
    name: str
    """Display name by the study's rule; shown to the others, never written down by the media process."""
    not_before: int
    expires: int
    nonce: str
    recording_consent: str | None = None
    """Reference of the live consent that says yes to being recorded; None: this person must not be recorded."""
    recording: RecordingTerms | None = None
    """None where the room is never recorded."""
    may_share: bool = False
    """May show a screen or a clip."""
    video: bool = True
    """False refuses this person's camera: the study's rule, or her choice."""
    relay_only: bool = False
    """True: her browser was told to use the relay alone; an offer that names other addresses is refused."""


def issue(ticket: Ticket, key: bytes) -> str:
    """The ticket as text, signed. Raises ValueError where room, person or nonce are no plain names."""
    _check(ticket)
    fields = {"v": VERSION, **dataclasses.asdict(ticket)}
    body = _encode(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8"))
    return f"{body}.{_encode(_mac(key, body))}"


def read(text: str, key: bytes, *, room: str, at: float) -> Ticket:
    """The ticket in the text, if it opens the room at the given time (seconds since 1970).

    Raises:
        TicketRefused: `ticket_forged`, `ticket_expired`, `ticket_early` or `ticket_wrong_room`. A replay is for the
        caller to notice (`Nonces`).
    """
    ticket = _parse(_verified(text, key))
    if ticket.room != room:
        raise TicketRefused("ticket_wrong_room")
    if at > ticket.expires + LEEWAY:
        raise TicketRefused("ticket_expired")
    if at < ticket.not_before - LEEWAY:
        raise TicketRefused("ticket_early")
    return ticket


def new_nonce() -> str:
    """A nonce for one ticket."""
    return secrets.token_urlsafe(16)


class Nonces:
    """The nonces of tickets that were used and have not expired."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def use(self, ticket: Ticket, at: float) -> None:
        """Spend the ticket. Raises TicketRefused `ticket_replayed` the second time."""
        for nonce in [nonce for nonce, until in self._until.items() if until < at]:
            del self._until[nonce]
        if ticket.nonce in self._until:
            raise TicketRefused("ticket_replayed")
        self._until[ticket.nonce] = ticket.expires + LEEWAY


def load_or_make_key(path: Path) -> bytes:
    """The key in the file, made (mode 0600) if there is none. Two processes that start at once agree."""
    return load_or_make(path, lambda: secrets.token_urlsafe(48).encode("ascii")).strip()


def _verified(text: str, key: bytes) -> bytes:
    body, dot, mac = text.partition(".")
    if not dot or len(text) > LONGEST or not text.isascii():
        raise TicketRefused("ticket_forged")
    if not hmac.compare_digest(_encode(_mac(key, body)), mac):
        raise TicketRefused("ticket_forged")
    return _decode(body)


def _parse(body: bytes) -> Ticket:
    """Only for what we signed ourselves: another shape means another version of the portal."""
    try:
        fields = json.loads(body)
        if fields.pop("v") != VERSION:
            raise TicketRefused("ticket_forged")
        terms = fields.pop("recording")
        if terms is not None:
            terms = RecordingTerms(**{**terms, "recipients": tuple(terms["recipients"])})
        ticket = Ticket(**{**fields, "role": Role(fields["role"]), "recording": terms})
        _check(ticket)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise TicketRefused("ticket_forged") from error
    return ticket


def _check(ticket: Ticket) -> None:
    if not _PERSON.fullmatch(ticket.person):  # what is no text at all raises TypeError
        raise ValueError(f"{ticket.person!r} is no pseudonym")
    names = [ticket.room, ticket.nonce]
    if ticket.recording is not None:
        names.append(ticket.recording.id)
        if not ticket.recording.recipients:
            raise ValueError("a recording needs a recipient")
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no plain name")


def _mac(key: bytes, body: str) -> bytes:
    return hmac.new(key, b"portal/rooms/ticket\0" + body.encode("ascii"), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise TicketRefused("ticket_forged") from error
