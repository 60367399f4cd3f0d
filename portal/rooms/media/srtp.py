"""Opens and seals packets where they lie. Reaches into pylibsrtp, whose own calls copy every packet twice, and give the
interpreter's lock away for a microsecond's work: a thread that writes recordings would take it each time.
"""

import ctypes
from collections.abc import Callable

from pylibsrtp import Session
from pylibsrtp._binding import ffi, lib

LONGEST_PACKET = 1500
"""Bytes of a packet at most: what libsrtp adds has room behind it in a cell."""
CELL = 1728
"""Bytes of a cell."""


def _function(name: str) -> Callable[[int, int, int], int]:
    """libsrtp's function of this name, called with the interpreter's lock held. Takes addresses in memory."""
    kind = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    return kind(_address(ffi.addressof(lib, name)))


def _address(pointer: object) -> int:
    return int(ffi.cast("uintptr_t", pointer))


_protect, _unprotect = _function("srtp_protect"), _function("srtp_unprotect")


class SrtpFailed(Exception):
    """libsrtp refused a packet: forged, repeated or too old."""


class Cell:
    """A place in memory for one packet, used again and again: memory that was just used is the fastest."""

    __slots__ = ("place", "view")

    def __init__(self, view: memoryview) -> None:
        self.view = view
        self.place = _address(ffi.from_buffer(view))
        """Where it is in memory."""


Protect = Callable[[Cell, bytes, bytes], int]
"""Puts the packet of this header and payload into the cell, sealed; gives its size."""
Unprotect = Callable[[Cell, int], int]
"""Opens the datagram of this size in the cell; gives the size of the plain packet, which then lies there."""


def protecting(session: Session) -> Protect:
    """How this session seals. What it gives raises SrtpFailed, and ValueError for what is too long."""
    seal = _in_place(_protect, session)

    def protect(cell: Cell, head: bytes, payload: bytes) -> int:
        begin, end, view = len(head), len(head) + len(payload), cell.view
        view[:begin] = head
        view[begin:end] = payload
        return seal(cell, end)

    return protect


def unprotecting(session: Session) -> Unprotect:
    """How this session opens. What it gives raises SrtpFailed, and ValueError for what is too long."""
    return _in_place(_unprotect, session)


def _in_place(function: Callable[[int, int, int], int], session: Session) -> Callable[[Cell, int], int]:
    handle, size = _address(session._srtp[0]), ctypes.c_int()
    where = ctypes.addressof(size)

    # `_alive`: the session lives for as long as something knows its address.
    def call(cell: Cell, length: int, _alive: Session = session) -> int:
        if length > LONGEST_PACKET:
            raise ValueError("packet is too long")
        size.value = length
        status = function(handle, cell.place, where)
        if status:
            raise SrtpFailed(status)
        return size.value

    return call
