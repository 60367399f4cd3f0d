"""A bad network in user space: a UDP relay between browsers and the media process that loses, delays and narrows.

Kernels without netem run these tests, too. Seeded, so that a run can be repeated.
"""

import contextlib
import heapq
import itertools
import random
import selectors
import socket
import threading
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Conditions:
    """What happens to a datagram, each way. Seconds; `loss` from 0 to 1; `bits` a second behind a `queue` so long.

    `up` is lost on the way to the media process besides.
    """

    loss: float = 0.0
    delay: float = 0.0
    jitter: float = 0.0
    bits: float = 0.0
    queue: float = 0.4
    up: float = 0.0


GOOD = Conditions()


class BadLink:
    """Relays `port` to the media process's port on this machine."""

    def __init__(self, target: int, seed: int = 3) -> None:
        self._target = ("127.0.0.1", target)
        self._chance = random.Random(seed)
        self.conditions = GOOD
        self._front = self._socket()
        self.port = self._front.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._front, selectors.EVENT_READ, None)
        self._behind: dict[tuple[str, int], socket.socket] = {}
        self._later: list[tuple[float, int, socket.socket, tuple[str, int], bytes]] = []
        self._order = itertools.count()
        self._free_at = {True: 0.0, False: 0.0}
        self._running, self._moved = True, False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def move(self) -> None:
        """From now on every browser's datagrams come from another port, as after a router has begun anew."""
        self._moved = True

    def close(self) -> None:
        self._running = False
        self._thread.join()
        self._selector.close()
        for one in (self._front, *self._behind.values()):
            one.close()

    def _socket(self) -> socket.socket:
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind(("0.0.0.0", 0))
        one.settimeout(0)
        return one

    def _run(self) -> None:
        while self._running:
            now = time.monotonic()
            if self._moved:
                self._forget()
            while self._later and self._later[0][0] <= now:
                _, _, source, target, data = heapq.heappop(self._later)
                with contextlib.suppress(OSError):
                    source.sendto(data, target)
            wait = min(0.02, self._later[0][0] - now) if self._later else 0.02
            for key, _events in self._selector.select(max(0.0, wait)):
                with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
                    while True:
                        self._take(key.fileobj, key.data)

    def _forget(self) -> None:
        self._moved = False
        self._later = [one for one in self._later if one[2] is self._front]
        heapq.heapify(self._later)
        for one in self._behind.values():
            self._selector.unregister(one)
            one.close()
        self._behind.clear()

    def _take(self, source, browser) -> None:
        data, sender = source.recvfrom(2048)
        if browser is not None:
            self._pass(self._front, browser, data, up=False)
            return
        if sender not in self._behind:
            self._behind[sender] = self._socket()
            self._selector.register(self._behind[sender], selectors.EVENT_READ, sender)
        self._pass(self._behind[sender], self._target, data, up=True)

    def _pass(self, source: socket.socket, target: tuple[str, int], data: bytes, *, up: bool) -> None:
        now, link = time.monotonic(), self.conditions
        if self._chance.random() < link.loss or (up and link.up and self._chance.random() < link.up):
            return
        at = now
        if link.bits:
            at = max(now, self._free_at[up]) + len(data) * 8 / link.bits
            if at - now > link.queue:
                return  # the queue is full
            self._free_at[up] = at
        at += link.delay + self._chance.random() * link.jitter
        heapq.heappush(self._later, (at, next(self._order), source, target, data))
