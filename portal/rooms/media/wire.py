"""One UDP address for everybody in every room: sorts datagrams by who sent them, and answers connectivity checks.

We are an ICE-lite agent (RFC 8445): a browser proves by a signed check that it knows the password from our answer, and
only then is its address known here. Whatever comes from an address that is not known is dropped at one dictionary
look-up, so strangers can neither end a call nor disturb a handshake.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from portal.rooms.media import stun
from portal.rooms.media.datagrams import Address, Inbox, Outbox, host_and_port
from portal.rooms.media.srtp import Cell

log = logging.getLogger(__name__)

BURSTS = 4
"""How often what has arrived is read before the other work of the process has its turn."""
ADDRESSES = 16
"""Addresses that one connection may be known by: its candidates, and those of the network it moves to."""
_BUFFER = 8 * 1024 * 1024
_SO_RCVBUFFORCE, _SO_SNDBUFFORCE = 33, 32


class Link(Protocol):
    """What the wire needs of a connection."""

    ufrag: str
    remote_ufrag: str
    password: bytes

    def checked(self, outbox: Outbox, address: Address, *, nominated: bool) -> None:
        """A verified check came from the address: we may send there, and if nominated, we do from now on."""

    def on_media(self, cell: Cell, size: int, now: float) -> None:
        """An SRTP or SRTCP datagram of this size lies in the cell. May raise anything. What is sent meanwhile may be
        posted: it is flushed afterwards."""

    def on_dtls(self, data: bytes) -> None:
        """A DTLS datagram."""


class Wire:
    """The sockets, and who is behind which address."""

    def __init__(self, sockets: Sequence[socket.socket], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._sockets = [(one, Inbox(one), Outbox(one)) for one in sockets]
        self._clock = clock
        self._links: dict[str, Link] = {}
        self._peers: dict[Address, Link] = {}
        self._addresses: dict[str, deque[Address]] = {}
        self.counts: Counter[str] = Counter()
        """What was dropped on its way in and why: `stranger`, `stun`, `empty`, `fault`."""

    @property
    def dropped(self) -> dict[str, int]:
        """All that was dropped, by reason; with `unsent`, which the network did not take."""
        return {**self.counts, "unsent": sum(outbox.unsent for _, _, outbox in self._sockets)}

    def start(self) -> None:
        """Read from now on, on the running event loop."""
        loop = asyncio.get_running_loop()
        for one, inbox, outbox in self._sockets:
            loop.add_reader(one.fileno(), self._readable, inbox, outbox)

    def close(self) -> None:
        """Stop reading and close the sockets."""
        loop = asyncio.get_running_loop()
        for one, _, _ in self._sockets:
            loop.remove_reader(one.fileno())
            one.close()

    def add(self, link: Link) -> None:
        """Listen for the link's checks."""
        self._links[link.ufrag] = link
        self._addresses[link.ufrag] = deque()

    def remove(self, link: Link) -> None:
        """Forget the link and its addresses."""
        self._links.pop(link.ufrag, None)
        for address in self._addresses.pop(link.ufrag, ()):
            if self._peers.get(address) is link:
                del self._peers[address]

    def _readable(self, inbox: Inbox, outbox: Outbox) -> None:
        for _ in range(BURSTS):
            try:
                self._burst(inbox, outbox)
            except OSError:  # an ICMP error about some earlier datagram: nothing to do with the next one
                self.counts["icmp"] += 1
                continue
            for _, _, one in self._sockets:
                if one.waiting:
                    one.flush()
            if not inbox.full:
                return

    def _burst(self, inbox: Inbox, outbox: Outbox) -> None:
        """Serve what one call reads. Raises OSError."""
        find, arrived, now = self._peers.get, inbox.receive(), self._clock()
        for cell, size, (sender,) in arrived:
            link = find(sender)
            try:
                if link is not None and size and cell.view[0] > 127:  # the short way, for nearly everything
                    link.on_media(cell, size, now)
                else:
                    self._sort(outbox, bytes(cell.view[:size]), sender, link)
            except Exception as error:  # noqa: BLE001 - whatever one packet does, the next one is served
                self._fault(error)

    def _sort(self, outbox: Outbox, data: bytes, address: Address, link: Link | None) -> None:
        if not data:
            self.counts["empty"] += 1
            return
        first = data[0]
        if first < 4:
            self._check(outbox, data, address)
        elif link is None:
            self.counts["stranger"] += 1
        elif 19 < first < 64:
            link.on_dtls(data)
        else:
            self.counts["stranger"] += 1

    def _check(self, outbox: Outbox, data: bytes, address: Address) -> None:
        try:
            request = stun.parse(data)
        except ValueError:
            self.counts["stun"] += 1
            return
        ours, _, theirs = request.username.partition(":")
        link = self._links.get(ours)
        if link is None or theirs != link.remote_ufrag or not request.verify(link.password):
            self.counts["stun"] += 1
            return
        self._know(address, link)
        outbox.send(stun.success(request, link.password, *host_and_port(address)), address)
        link.checked(outbox, address, nominated=request.nominates)

    def _know(self, address: Address, link: Link) -> None:
        if self._peers.get(address) is link:
            return
        self._peers[address] = link
        known = self._addresses[link.ufrag]
        if address in known:
            return
        known.append(address)
        if len(known) > ADDRESSES:
            oldest = known.popleft()
            if self._peers.get(oldest) is link:
                del self._peers[oldest]

    def _fault(self, error: Exception) -> None:
        self.counts["fault"] += 1
        self.counts[f"fault {type(error).__name__}"] += 1
        log.debug("a packet failed", exc_info=error)


def open_sockets(hosts: Iterable[str], ports: range) -> list[socket.socket]:
    """One socket for each address, all on the first port of the range that is free on each; port 0 is any.

    Raises:
        OSError: no port of the range is free.
    """
    chosen = list(hosts)
    failure: OSError = OSError("the range of UDP ports is empty")
    for port in ports:
        with contextlib.ExitStack() as opened:
            try:
                sockets: list[socket.socket] = []
                for host in chosen:
                    wanted = sockets[0].getsockname()[1] if sockets else port
                    sockets.append(opened.enter_context(_bound(host, wanted)))
            except OSError as error:
                failure = error
                continue
            opened.pop_all()
            return sockets
    raise failure


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    one = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for forced, plain in ((_SO_RCVBUFFORCE, socket.SO_RCVBUF), (_SO_SNDBUFFORCE, socket.SO_SNDBUF)):
            try:
                one.setsockopt(socket.SOL_SOCKET, forced, _BUFFER)
            except PermissionError:  # not root: as much as the machine allows
                one.setsockopt(socket.SOL_SOCKET, plain, _BUFFER)
        one.settimeout(0)
        one.bind((host, port))
    except OSError:
        one.close()
        raise
    return one
