"""From packets to frames: in order again, within a deadline, and whole or not at all."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from portal.rooms.media.inbound import FAR, Packet
from portal.rooms.media.rtp import vp8_start

_MOST = 2000
"""Packets that wait at most."""
_LARGEST = 8192
"""Packets of one picture at most: one that never ends would fill the memory, and a block has room for 256 MB."""


class Lost(NamedTuple):
    """So many packets never came in time. 0 where another source begins, and nobody knows."""

    packets: int


class Reorder:
    """Gives packets back in order. A missing one is waited for until `deadline` seconds after the next arrived."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._ready: list[Packet] = []
        self._waiting: dict[int, Packet] = {}
        self._next = -1
        """The number that is due; -1 before the first."""

    @property
    def waits(self) -> bool:
        """True while packets wait for an earlier one."""
        return bool(self._waiting)

    def push(self, packets: Iterable[Packet]) -> None:
        """Packets in any order. One that comes too late, or twice, is dropped."""
        due, ready, waiting = self._next, self._ready, self._waiting
        for packet in packets:
            seq = packet[0]
            if due < 0:
                due = seq
            if seq == due and not waiting:
                ready.append(packet)
                due = seq + 1
            elif seq >= due:
                waiting.setdefault(seq, packet)
        self._next = due

    def pop(self, now: float) -> list[list[Packet] | Lost]:
        """What can be given by now, in order: runs of packets without a gap, and what is lost between them. `now` is
        infinity at the end."""
        run, self._ready = self._ready, []
        given: list[list[Packet] | Lost] = []
        due = self._next
        for seq in sorted(self._waiting):
            packet = self._waiting[seq]
            if seq != due:
                if now - packet[4] < self._deadline and len(self._waiting) < _MOST:
                    break
                lost = Lost(seq - due if seq - due < FAR else 0)
                given += [run, lost] if run else [lost]
                run = []
            del self._waiting[seq]
            run.append(packet)
            due = seq + 1
        self._next = due
        return [*given, run] if run else given


class Picture(NamedTuple):
    """A whole VP8 frame."""

    stamp: int
    arrived: float
    """When its last packet arrived."""
    data: bytes

    @property
    def key(self) -> bool:
        """True where decoding can start here."""
        return not self.data[0] & 1

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height, which only keyframes tell."""
        if not self.key or len(self.data) < 10 or self.data[3:6] != b"\x9d\x01\x2a":
            return None
        width, height = int.from_bytes(self.data[6:8], "little"), int.from_bytes(self.data[8:10], "little")
        return width & 0x3FFF, height & 0x3FFF


class Pictures:
    """Puts VP8 frames together.

    After a loss nothing is given until the next keyframe: what leans on a lost frame is junk.
    """

    def __init__(self) -> None:
        self.broken = True
        """True while a keyframe is waited for, as at the start."""
        self._stamp: int | None = None
        self._parts: list[bytes] = []

    def lost(self) -> None:
        """Packets are missing here."""
        self.broken, self._stamp, self._parts = True, None, []

    def complete(self, run: Iterable[Packet]) -> Iterator[Picture]:
        """The next packets in order; gives the frames that they complete."""
        for _, stamp, marker, payload, arrived in run:
            start = vp8_start(payload) if payload else 0
            if start >= len(payload):
                continue  # padding, or a descriptor alone
            if payload[0] & 0x17 == 0x10:  # the first packet of a frame
                if self._stamp is not None:
                    self.lost()  # the frame before never had its last packet
                self._stamp, self._parts = stamp, []
            elif self._stamp != stamp or len(self._parts) == _LARGEST:
                self.lost()
                continue
            self._parts.append(payload[start:])
            if not marker:
                continue
            picture = Picture(stamp, arrived, b"".join(self._parts))
            self._stamp, self._parts = None, []
            self.broken = self.broken and not picture.key
            if not self.broken:
                yield picture
