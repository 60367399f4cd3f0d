"""Many datagrams in one call, over real sockets; and packets sealed and opened where they lie."""

import contextlib
import os
import socket
import struct

import pytest
from pylibsrtp import Policy, Session

from portal.rooms.media import datagrams, wire
from portal.rooms.media.datagrams import AT_ONCE, Inbox, Outbox
from portal.rooms.media.srtp import CELL, LONGEST_PACKET, Cell, SrtpFailed, protecting, unprotecting

HEAD = struct.pack("!BBHLL", 0x80, 96, 7, 3000, 5)


@pytest.fixture(params=["127.0.0.1", "::1"])
def pair(request):
    """Two sockets of one kind, as the wire opens them."""
    with contextlib.ExitStack() as opened:
        yield [opened.enter_context(wire.open_sockets([request.param], range(1))[0]) for _ in range(2)]


def address(of):
    host, port, *_ = of.getsockname()
    packed = socket.inet_pton(of.family, host)
    before, after = (b"", bytes(8)) if of.family == socket.AF_INET else (bytes(4), bytes(4))
    return struct.pack("=H", of.family) + struct.pack("!H", port) + before + packed + after


def read(inbox):
    return [(bytes(cell.view[:size]), sender) for cell, size, (sender,) in inbox.receive()]


def test_each_comes_whole_with_its_sender_however_many_there_are(pair):
    ours, theirs = pair
    outbox, inbox = Outbox(ours), Inbox(theirs)
    sent = [os.urandom(length) for length in (1, 1500, 0, CELL, 20, *range(30, 30 + 2 * AT_ONCE))]
    for one in sent:
        outbox.cell.view[: len(one)] = one
        outbox.post(len(one), address(theirs))
    assert outbox.waiting == len(sent) % AT_ONCE
    outbox.flush()
    assert (outbox.waiting, outbox.unsent) == (0, 0)
    came = []
    while True:
        came += read(inbox)
        if not inbox.full:
            break
    assert came == [(one, address(ours)) for one in sent]
    assert read(inbox) == []
    assert datagrams.host_and_port(came[0][1]) == ours.getsockname()[:2]


def test_what_python_sends_is_cut_off_where_the_cell_ends_and_disturbs_no_other(pair):
    ours, theirs = pair
    inbox = Inbox(theirs)
    for one in (b"first", bytes(3000), b"last"):
        ours.sendto(one, theirs.getsockname())
    assert [len(data) for data, _ in read(inbox)] == [5, CELL, 4]


def test_what_the_network_refuses_is_counted_and_the_rest_goes(pair):
    ours, theirs = pair
    outbox, inbox = Outbox(ours), Inbox(theirs)
    nowhere = bytearray(address(theirs))
    nowhere[2:4] = bytes(2)  # port 0
    for to in (address(theirs), nowhere, nowhere, address(theirs), nowhere):
        outbox.cell.view[:4] = b"data"
        outbox.post(4, bytes(to))
    outbox.flush()
    assert outbox.unsent == 3
    assert read(inbox) == [(b"data", address(ours))] * 2
    ours.close()
    outbox.send(b"late", address(theirs))
    assert outbox.unsent == 4


def test_an_address_of_another_kind_and_what_is_too_long_are_refused(pair):
    ours, _ = pair
    outbox = Outbox(ours)
    with pytest.raises(ValueError, match="different structures"):
        outbox.send(b"data", bytes(17))
    with pytest.raises(ValueError, match="different structures"):
        outbox.send(bytes(CELL + 1), address(ours))
    assert outbox.waiting == 0


def test_a_socket_that_is_gone_is_an_error(pair):
    ours, _ = pair
    inbox = Inbox(ours)
    ours.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        inbox.receive()
    for kind in (Inbox, Outbox):
        with pytest.raises(OSError, match="Bad file descriptor"):
            kind(ours)


def test_nothing_is_read_before_it_is_asked_for(pair):
    ours, theirs = pair
    ours.sendto(b"early", theirs.getsockname())
    inbox, _ = Inbox(theirs), Outbox(theirs)
    assert read(inbox) == [(b"early", address(ours))]


def policy(direction):
    return Policy(
        ssrc_type=direction, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_128_GCM, key=bytes(range(28)) + b"\0\0"
    )


def cell():
    return Cell(memoryview(bytearray(CELL)))


def test_another_opens_what_is_sealed_in_place_and_what_another_sealed_is_opened():
    ours, theirs = Session(policy(Policy.SSRC_ANY_OUTBOUND)), Session(policy(Policy.SSRC_ANY_INBOUND))
    one, payload = cell(), os.urandom(1400)
    size = protecting(ours)(one, HEAD, payload)
    assert theirs.unprotect(bytes(one.view[:size])) == HEAD + payload
    back, here = Session(policy(Policy.SSRC_ANY_OUTBOUND)), Session(policy(Policy.SSRC_ANY_INBOUND))
    sealed = back.protect(HEAD + b"hello")
    one.view[: len(sealed)] = sealed
    unprotect = unprotecting(here)
    del here  # the session lives for as long as it is needed
    assert bytes(one.view[: unprotect(one, len(sealed))]) == HEAD + b"hello"


def test_forged_repeated_short_and_long_packets_are_refused():
    back, here = Session(policy(Policy.SSRC_ANY_OUTBOUND)), Session(policy(Policy.SSRC_ANY_INBOUND))
    unprotect, one = unprotecting(here), cell()
    sealed = back.protect(HEAD + b"hello")
    for wrong in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:20], sealed[:5], b""):
        one.view[: len(wrong)] = wrong
        with pytest.raises(SrtpFailed):
            unprotect(one, len(wrong))
    one.view[: len(sealed)] = sealed
    assert unprotect(one, len(sealed)) == len(HEAD) + 5
    one.view[: len(sealed)] = sealed
    with pytest.raises(SrtpFailed):
        unprotect(one, len(sealed))
    with pytest.raises(ValueError, match="packet is too long"):
        unprotect(one, LONGEST_PACKET + 1)
    with pytest.raises(ValueError, match="packet is too long"):
        protecting(back)(one, HEAD, bytes(LONGEST_PACKET))
