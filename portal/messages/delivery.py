"""Hands over what is due.

Exactly once does not exist between two systems: if the process dies after the mail server took a message and before
we noted that it did, we either send it again or leave it. Each message is therefore marked, and the mark committed,
just before it is handed over. What is found marked and unsettled later is never sent again by itself: a person gets it
at most once, and the team sees on a page that she perhaps did not.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from portal.clock import Clock
from portal.db.keyring import Keyring
from portal.messages.domain import Channel, Contact, Directory, Letter, Outcome, plan
from portal.messages.errors import HalfSent, NotSent, Refused, ServiceDown
from portal.messages.kinds import Kind, kind
from portal.messages.ledger import Entry, Ledger
from portal.messages.render import Renderer
from portal.messages.senders import Sender
from portal.messages.stops import Stops
from portal.messages.store import OutboxMessage, unpack

log = structlog.get_logger(__name__)
TURN_SECONDS = 5.0
"""After so long no further message is begun, so that the worker's other duties get their turn."""
_LONGEST_PAUSE = timedelta(seconds=60)


class Delivery:
    """One worker's round. Several workers at once share the work and never a message."""

    def __init__(
        self, ledger: Ledger, clock: Clock, renderer: Renderer, directory: Directory,
        senders: Mapping[Channel, Sender], *, keyring: Keyring, stops: Stops, name: Callable[[bool], str],
    ) -> None:  # fmt: skip
        """
        Args:
            name: the sender's name, by whether it must tell nothing.
        """
        self._ledger = ledger
        self._clock = clock
        self._renderer = renderer
        self._directory = directory
        self._senders = senders
        self._keyring = keyring
        self._stops = stops
        self._name = name
        self._paused: dict[Channel, tuple[int, datetime]] = {}

    def turn(self) -> int:
        """Send what is due, for some seconds at most; gives how many were handed over."""
        until, sent = time.monotonic() + TURN_SECONDS, 0
        self._ledger.close_cut_off()
        try:
            while time.monotonic() < until and (batch := self._ledger.lease()):
                sent += self._round(batch, until)
        finally:
            for sender in set(self._senders.values()):
                sender.close()
        return sent

    def _round(self, batch: Sequence[OutboxMessage], until: float) -> int:
        contacts = self._directory(sorted({row.subject for row in batch if row.subject}))
        ended: list[Entry] = []
        untouched, sent = [row.id for row in batch], 0
        try:
            for row in batch:
                if time.monotonic() >= until:
                    break
                untouched.remove(row.id)
                entry = self._one(row, self._contact(row, contacts), ended)
                if entry is not None:
                    ended.append(entry)
                    sent += entry.outcome is Outcome.SENT
        finally:
            self._ledger.enter(ended)
            self._ledger.release(untouched)
        return sent

    def _contact(self, row: OutboxMessage, contacts: Mapping[str, Contact]) -> Contact | None:
        if row.subject is None:
            return Contact(row.language or "", email=row.recipient)
        contact = contacts.get(row.subject)
        return replace(contact, email=row.recipient) if contact and row.recipient else contact

    def _one(self, row: OutboxMessage, contact: Contact | None, before: list[Entry]) -> Entry | None:
        """One message's turn. Takes what is in `before` along into the database. None: nothing is left to note."""
        what, now = kind(row.template), self._clock()
        channel = Channel.EMAIL if what.at_once else contact.channel if contact else None
        address = contact.address(channel) if contact and channel else None
        verdict = _verdict(row, what, contact, address, now)
        if verdict is not None:
            return Entry(row.id, verdict) if isinstance(verdict, Outcome) else Entry(row.id, due_at=verdict)
        assert contact is not None and channel is not None and address is not None  # noqa: S101, PT018 - by the verdict
        paused, until = self._paused.get(channel, (0, now))
        if paused and until > now:
            return Entry(row.id, held_until=until)
        go = self._ledger.hand_over(row, what, before)
        before.clear()
        return self._hand(row, what, contact, channel, address) if go else None

    def _hand(self, row: OutboxMessage, what: Kind, contact: Contact, channel: Channel, address: str) -> Entry:
        letter = self._letter(row, what, contact, channel, address)
        try:
            self._senders[channel].send(letter)
        except ServiceDown as error:
            return Entry(row.id, held_until=self._pause(channel, str(error)))
        except NotSent as error:
            log.warning("message not taken for now", template=row.template, tries=row.tries + 1, why=str(error))
            return Entry(row.id)
        except Refused as error:
            log.warning("message refused", template=row.template, why=str(error))
            return Entry(row.id, Outcome.REFUSED, channel, self._keyring.digest("messages.address", address))
        except HalfSent as error:
            log.warning("message perhaps sent", template=row.template, why=str(error))
            return Entry(row.id, Outcome.UNSURE, channel)
        self._paused.pop(channel, None)
        return Entry(row.id, Outcome.SENT, channel)

    def _letter(self, row: OutboxMessage, what: Kind, contact: Contact, channel: Channel, address: str) -> Letter:
        stop = self._stops.url(row.subject) if what.optional and row.subject else ""
        fields = json.loads(row.context or "{}")
        words = self._renderer.render(what, contact, fields, channel=channel, stop_url=stop)
        return Letter(
            channel, address, words.subject, words.text, words.html, self._name(contact.neutral_name),
            self._keyring.digest("messages.id", row.key).hex()[:32], stop, unpack(row.attachments),
        )  # fmt: skip

    def _pause(self, channel: Channel, why: str) -> datetime:
        """No message is to blame: leave the service alone for a while, longer each time."""
        times = self._paused.get(channel, (0, self._clock()))[0] + 1
        until = self._clock() + min(timedelta(seconds=2**times), _LONGEST_PAUSE)
        self._paused[channel] = times, until
        log.error("messages wait: the service does not answer", channel=channel.value, why=why, times=times)
        return until


def _verdict(
    row: OutboxMessage, what: Kind, contact: Contact | None, address: str | None, now: datetime
) -> Outcome | datetime | None:
    """How it ends without being sent, or when it may be tried, or None: now."""
    if contact is None:
        return Outcome.NO_ADDRESS
    if (what.optional and not contact.optional) or (contact.channel is None and not what.at_once):
        return Outcome.UNWANTED
    if address is None:
        return Outcome.NO_ADDRESS
    moment = plan(None if what.at_once else contact.hours, now, row.not_after, now)
    if moment is None or (row.not_after and now > row.not_after):
        return Outcome.TOO_LATE
    return moment if moment > now else None
