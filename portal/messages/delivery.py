"""Hands over what is due.

Exactly once does not exist between two systems: if the process dies after the mail server took a message and before
we noted that it did, we either send it again or leave it. Each message is therefore marked, and the mark committed,
just before it is handed over. What is found marked and unsettled later is never sent again by itself: a person gets it
at most once, and the team sees on a page that she perhaps did not.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from portal.clock import Clock
from portal.db.keyring import Keyring
from portal.messages.domain import Channel, Contact, Directory, Letter, Outcome, plan
from portal.messages.errors import HalfSent, NotSent, Refused, ServiceDown
from portal.messages.kinds import Kind, kind
from portal.messages.ledger import BATCH, Entry, Lately, Ledger
from portal.messages.render import Renderer
from portal.messages.senders import Sender
from portal.messages.stops import Stops
from portal.messages.store import OutboxMessage, unpack

log = structlog.get_logger(__name__)
TURN_SECONDS = 5.0
"""After so long no further message is begun, so that the worker's other duties get their turn."""
_LONGEST_PAUSE = timedelta(seconds=60)
_MARKED = 10


@dataclass(frozen=True)
class Route:
    """Where a message goes now."""

    kind: Kind
    contact: Contact
    channel: Channel
    address: str


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
        """A batch. While many wait, ten are marked at once, which spares the disk: if we die then, the team is asked
        about those ten; in quiet times it is asked about one at most."""
        contacts = self._directory(sorted({row.subject for row in batch if row.subject}))
        lately, many = self._ledger.lately(batch), _MARKED if len(batch) == BATCH else 1
        ended: list[Entry] = []
        untouched, sent = [row.id for row in batch], 0
        try:
            for at in range(0, len(batch), many):
                if time.monotonic() >= until:
                    break
                part, untouched = batch[at : at + many], untouched[many:]
                ready = self._ready(part, contacts, lately, ended)
                going = self._ledger.hand_over(list(ready), ended) if ready else []
                ended = ended if not ready else []
                sent += self._hand_all([(row, ready[row]) for row in going], ended)
        finally:
            self._ledger.enter(ended)
            self._ledger.release(untouched)
        return sent

    def _ready(
        self, part: Sequence[OutboxMessage], contacts: Mapping[str, Contact], lately: Lately, ended: list[Entry]
    ) -> dict[OutboxMessage, Route]:
        """Those to hand over now, with where; the others go into `ended`."""
        ready = {}
        for row in part:
            what, contact, now = kind(row.template), self._contact(row, contacts), self._clock()
            channel = Channel.EMAIL if what.at_once else contact.channel if contact else None
            address = contact.address(channel) if contact and channel else None
            verdict = _verdict(row, what, contact, address, now)
            if isinstance(verdict, datetime):
                ended.append(Entry(row, due_at=verdict))
            elif verdict is None and row.subject and lately[row.subject, row.template] >= what.cap.most:
                ended.append(Entry(row, Outcome.CAPPED))
            elif verdict is not None or contact is None or channel is None or address is None:
                ended.append(Entry(row, verdict or Outcome.NO_ADDRESS))
            elif held := self._held(channel):
                ended.append(Entry(row, held_until=held))
            else:
                lately[row.subject, row.template] += 1
                ready[row] = Route(what, contact, channel, address)
        return ready

    def _hand_all(self, going: Sequence[tuple[OutboxMessage, Route]], ended: list[Entry]) -> int:
        """Hand them over in turn. If our own code fails at one, those behind it are given back."""
        sent = 0
        for at, (row, route) in enumerate(going):
            held = self._held(route.channel)
            try:
                entry = Entry(row, held_until=held) if held else self._hand(row, route)
            except BaseException:
                ended.extend(Entry(left, held_until=self._clock()) for left, _ in going[at + 1 :])
                raise
            ended.append(entry)
            sent += entry.outcome is Outcome.SENT
        return sent

    def _held(self, channel: Channel) -> datetime | None:
        """Until when the channel's service is left alone."""
        times, until = self._paused.get(channel, (0, self._clock()))
        return until if times and until > self._clock() else None

    def _contact(self, row: OutboxMessage, contacts: Mapping[str, Contact]) -> Contact | None:
        if row.subject is None:
            return Contact(row.language or "", email=row.recipient)
        contact = contacts.get(row.subject)
        return replace(contact, email=row.recipient) if contact and row.recipient else contact

    def _hand(self, row: OutboxMessage, route: Route) -> Entry:
        letter = self._letter(row, route)
        try:
            self._senders[route.channel].send(letter)
        except ServiceDown as error:
            return Entry(row, held_until=self._pause(route.channel, str(error)))
        except NotSent as error:
            log.warning("message not taken for now", template=row.template, tries=row.tries, why=str(error))
            return Entry(row)
        except Refused as error:
            log.warning("message refused", template=row.template, why=str(error))
            digest = self._keyring.digest("messages.address", route.address)
            return Entry(row, Outcome.REFUSED, route.channel, digest)
        except HalfSent as error:
            log.warning("message perhaps sent", template=row.template, why=str(error))
            return Entry(row, Outcome.UNSURE, route.channel)
        self._paused.pop(route.channel, None)
        return Entry(row, Outcome.SENT, route.channel)

    def _letter(self, row: OutboxMessage, route: Route) -> Letter:
        stop = self._stops.url(row.subject) if route.kind.optional and row.subject else ""
        fields = json.loads(row.context or "{}")
        words = self._renderer.render(route.kind, route.contact, fields, channel=route.channel, stop_url=stop)
        return Letter(
            route.channel, route.address, words.subject, words.text, words.html,
            self._name(route.contact.neutral_name), row.message_id(self._keyring), stop,
            unpack(row.attachments),
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
        return Outcome.UNWANTED  # she, or the colleague, is there no more
    if (what.optional and not contact.optional) or (contact.channel is None and not what.at_once):
        return Outcome.UNWANTED
    if address is None:
        return Outcome.NO_ADDRESS if what.needed else Outcome.UNWANTED
    moment = plan(None if what.at_once else contact.hours, now, row.not_after, now)
    if moment is None or (row.not_after and now > row.not_after):
        return Outcome.TOO_LATE
    return moment if moment > now else None
