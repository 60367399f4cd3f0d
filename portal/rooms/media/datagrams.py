"""Many datagrams in one call, by Linux's recvmmsg and sendmmsg.

One by one, each costs two system calls, at each of which the interpreter's lock may change hands; and going to and fro
between our work and the kernel's, the processor forgets the one over the other.
"""

import ctypes
import errno
import os
import socket
from collections.abc import Iterable
from struct import Struct
from typing import Any, Literal

from portal.rooms.media.srtp import CELL, Cell

AT_ONCE = 16
"""Datagrams in one call at most. More would cost no less, and each would wait longer for its turn."""
Address = bytes
"""A sender or receiver as the kernel writes it (`sockaddr_in` or `sockaddr_in6`)."""


class _Piece(ctypes.Structure):
    """`iovec`"""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_ulong))


class _Header(ctypes.Structure):
    """`msghdr`"""

    _fields_ = (
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint), ("pieces", ctypes.c_void_p),
        ("pieces_length", ctypes.c_ulong), ("control", ctypes.c_void_p), ("control_length", ctypes.c_ulong),
        ("flags", ctypes.c_int),
    )  # fmt: skip


class _Message(ctypes.Structure):
    """`mmsghdr`"""

    _fields_ = (("header", _Header), ("length", ctypes.c_uint))


_libc = ctypes.CDLL(None, use_errno=True)
_receive, _send = _libc.recvmmsg, _libc.sendmmsg
_receive.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
_send.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
_ADDRESS_SIZE = {socket.AF_INET: 16, socket.AF_INET6: 28}
_PORT = Struct("!2xH")


class _Messages:
    """`AT_ONCE` messages of one piece each, and where their bytes and addresses lie."""

    def __init__(self, family: int) -> None:
        self.address_size = size = _ADDRESS_SIZE[socket.AddressFamily(family)]
        self.addresses, content = memoryview(bytearray(size * AT_ONCE)), memoryview(bytearray(CELL * AT_ONCE))
        self.cells = [Cell(content[at * CELL : (at + 1) * CELL]) for at in range(AT_ONCE)]
        self._pieces, self._messages = (_Piece * AT_ONCE)(), (_Message * AT_ONCE)()
        addresses, contents = _place(self.addresses), _place(content)  # the views keep them where they are
        for at, (piece, message) in enumerate(zip(self._pieces, self._messages, strict=True)):
            piece.base, piece.length = contents + at * CELL, CELL
            header = message.header
            header.name, header.name_length = addresses + at * size, size
            header.pieces, header.pieces_length = ctypes.addressof(piece), 1
        self.start = ctypes.addressof(self._messages)
        self.lengths = _numbers(self._messages, "I", _Message.length.offset, ctypes.sizeof(_Message))
        """Of what was received."""
        self.piece_lengths = _numbers(self._pieces, "L", _Piece.length.offset, ctypes.sizeof(_Piece))
        """Of what is to be sent."""

    def message(self, at: int) -> int:
        """The address in memory of this message."""
        return self.start + at * ctypes.sizeof(_Message)


def _place(of: memoryview) -> int:
    """Where it is in memory."""
    return ctypes.addressof(ctypes.c_char.from_buffer(of))


def _numbers(of: ctypes.Array[Any], kind: Literal["I", "L"], offset: int, step: int) -> memoryview:
    """One field of every structure, by number. Quicker than ctypes' own way."""
    whole = memoryview(of).cast("B").cast(kind)
    return whole[offset // whole.itemsize :: step // whole.itemsize]


class Inbox:
    """What arrives at a socket. Raises OSError where the system has no such call, as Outbox does."""

    def __init__(self, source: socket.socket) -> None:
        self._source = source
        self._messages = messages = _Messages(source.family)
        self._cells, self._lengths, self._start = messages.cells, messages.lengths, messages.start
        _called(_receive(source.fileno(), self._start, 0, socket.MSG_DONTWAIT, None))
        self._senders = Struct(f"{messages.address_size}s").iter_unpack
        self.full = False
        """True where the last call has read as much as it can: there may be more."""

    def receive(self) -> Iterable[tuple[Cell, int, tuple[Address]]]:
        """Up to `AT_ONCE` datagrams, each with its cell, size and sender; they lie there until the next call.

        Raises OSError: an ICMP error about some earlier datagram, which has nothing to do with the next one.
        """
        came = _receive(self._source.fileno(), self._start, AT_ONCE, socket.MSG_DONTWAIT, None)
        self.full = came == AT_ONCE
        if came < 0 and ctypes.get_errno() in (errno.EAGAIN, errno.EINTR):
            return ()
        _called(came)
        return zip(self._cells[:came], self._lengths[:came], self._senders(self._messages.addresses), strict=False)


class Outbox:
    """What leaves by a socket. Seal a packet in `cell`, `post` it, and `flush` before anything else is waited for."""

    def __init__(self, source: socket.socket) -> None:
        self._source = source
        self._messages = messages = _Messages(source.family)
        self._cells, self._lengths, self._addresses = messages.cells, messages.piece_lengths, messages.addresses
        _called(_send(source.fileno(), messages.start, 0, socket.MSG_DONTWAIT))
        size = messages.address_size
        self._spans = [slice(at * size, (at + 1) * size) for at in range(AT_ONCE)]
        self.waiting = 0
        """Datagrams that were posted and not sent."""
        self.unsent = 0
        """Datagrams that could not be sealed, or that the network did not take: as good as lost on the way."""
        self.cell = self._cells[0]
        """Where the next datagram is to be put."""

    def post(self, size: int, address: Address) -> None:
        """What lies in `cell` is to go to this address."""
        at = self.waiting
        self._lengths[at] = size
        self._addresses[self._spans[at]] = address
        self.waiting = at = at + 1
        if at == AT_ONCE:
            self.flush()
        else:
            self.cell = self._cells[at]

    def send(self, data: bytes, address: Address) -> None:
        """Send this, after what waits. Raises ValueError where it is too long."""
        self.cell.view[: len(data)] = data
        self.post(len(data), address)
        self.flush()

    def flush(self) -> None:
        """Send what waits."""
        done = 0
        while done < self.waiting:
            went = _send(self._source.fileno(), self._messages.message(done), self.waiting - done, socket.MSG_DONTWAIT)
            if went < 0:
                went = 1  # the first one was refused
                self.unsent += 1
            done += went
        self.waiting, self.cell = 0, self._cells[0]


def _called(result: int) -> None:
    """Raises OSError where a call has failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def host_and_port(address: Address) -> tuple[str, int]:
    """The address as text and number."""
    (port,) = _PORT.unpack_from(address)
    if len(address) == _ADDRESS_SIZE[socket.AF_INET]:
        return socket.inet_ntop(socket.AF_INET, address[4:8]), port
    return socket.inet_ntop(socket.AF_INET6, address[8:24]), port
