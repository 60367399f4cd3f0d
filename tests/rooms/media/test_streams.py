"""Streams over a fake transport with a pattern of losses: what is asked for again, and what comes out."""

import asyncio
import contextlib
import itertools
import os
import struct
import time
from types import SimpleNamespace

import pytest
from aioice import stun as reference
from aiortc import rtp as reference_rtp
from hypothesis import given
from hypothesis import strategies as st

from portal.rooms.media import bandwidth, rtcp, rtp, stun
from portal.rooms.media.inbound import FAR, Inbound
from portal.rooms.media.outbound import Outbound
from portal.rooms.media.taps import Tap

KEY = b"\x10\x02\x00\x9d\x01\x2a\x80\x02\xe0\x01" + bytes(30)
DELTA = b"\x10\x11\x02\x00" + bytes(30)


class Wire:
    """Packets from a publisher to an inbound stream and on to a slot; every `drop`-th number is lost at first."""

    def __init__(self, *, lose=(), rtx=97):
        self.asked, self.out, self.reports = [], [], []
        self.lose = set(lose)
        self.kept = {}
        self.source = Inbound("video", 90_000, 96, self.feedback)
        self.source.ssrc = 5
        self.slot = Outbound("video", 90_000, 100, rtx, 77, 78, 3, "slot0", self.sent, self.reports.append)
        self.slot.attach(self.source, 0.0)

    def sent(self, head, payload):
        self.out.append(head + payload)

    def feedback(self, kind, lost):
        self.asked.append((kind, lost))

    def send(self, number, payload=DELTA, *, marker=0x80, now=None, start=65_500):
        seq = (start + number) & 0xFFFF
        packet = rtp.HEADER.pack(0x80, marker | 96, seq, 3000 * number & 0xFFFFFFFF, 5) + payload
        self.kept[seq] = packet
        if number not in self.lose:
            self.source.packet(memoryview(packet), len(packet), now if now is not None else number / 30)

    def again(self, seq):
        self.source.packet(self.kept[seq], len(self.kept[seq]), time.monotonic())

    def numbers(self):
        return [rtp.HEADER.unpack_from(one)[2] for one in self.out]


def run(test):
    async def body():
        test()

    asyncio.run(body())


def test_packets_go_on_with_numbers_of_ours_over_the_wrap():
    def body():
        wire = Wire()
        wire.send(0, KEY)
        for number in range(1, 100):
            wire.send(number)
        numbers = wire.numbers()
        assert numbers == list(range(numbers[0], numbers[0] + 100))
        first, second, _, stamp, ssrc = rtp.HEADER.unpack_from(wire.out[0])
        assert (first, second, ssrc) == (0x90, 0x80 | 100, 77)
        stamps = [rtp.HEADER.unpack_from(one)[3] for one in wire.out]
        assert {(later - earlier) & 0xFFFFFFFF for earlier, later in itertools.pairwise(stamps)} == {3000}
        assert reference_rtp.RtpPacket.parse(wire.out[5]).payload == DELTA
        assert stamp == stamps[0]

    run(body)


def test_a_slot_starts_with_a_keyframe_and_asks_for_one():
    def body():
        wire = Wire()
        assert ("pli", []) in wire.asked
        wire.send(0)
        wire.send(1)
        assert wire.out == []
        wire.send(2, KEY)
        assert len(wire.out) == 1
        wire.send(1)  # late, from before the keyframe
        assert len(wire.out) == 1

    run(body)


def test_what_is_lost_is_asked_for_and_comes_out_in_its_place():
    def body():
        wire = Wire(lose=range(40, 45))
        wire.send(0, KEY)
        for number in range(1, 60):
            wire.send(number)
        lost = [(65_500 + number) & 0xFFFF for number in range(40, 45)]
        assert ("nack", lost) in wire.asked
        for seq in lost:
            wire.again(seq)
        assert sorted(wire.numbers()) == list(range(wire.numbers()[0], wire.numbers()[0] + 60))
        assert wire.source.missing == {}
        assert wire.source.report()[1] == 0

    run(body)


def test_it_asks_again_and_then_gives_up_for_a_keyframe():
    async def body():
        wire = Wire(lose={3})
        wire.source.retry = 0.02
        wire.send(0, KEY, now=time.monotonic())
        for number in (1, 2, 3, 4):
            wire.send(number, now=time.monotonic())
        await asyncio.sleep(0.5)
        nacks = [lost for kind, lost in wire.asked if kind == "nack"]
        assert len(nacks) == 10
        assert wire.source.missing == {}
        assert wire.asked[-1][0] == "pli"
        wire.source.close()

    asyncio.run(body())


def test_a_receiver_gets_lost_packets_again_by_rtx_and_no_number_is_used_twice():
    def body():
        wire = Wire()
        wire.send(0, KEY)
        for number in range(1, 20):
            wire.send(number)
        numbers = wire.numbers()
        wire.slot.resend([numbers[7], numbers[9], 12_345], 1.0)
        again = [reference_rtp.RtpPacket.parse(one) for one in wire.out[20:]]
        assert [(one.payload_type, one.ssrc) for one in again] == [(97, 78)] * 2
        assert [struct.unpack("!H", one.payload[:2])[0] for one in again] == [numbers[7], numbers[9]]
        assert reference_rtp.unwrap_rtx(again[0], 100, 77).payload == DELTA
        wire.slot.resend([numbers[3]] * 5000, 1.1)
        assert len(wire.out) < 330
        without = Wire(rtx=None)
        without.send(0, KEY)
        without.slot.resend(without.numbers(), 1.0)
        assert len(without.out) == 1

    run(body)


def test_another_source_goes_on_where_the_last_one_stopped():
    def body():
        wire = Wire()
        wire.send(0, KEY)
        wire.send(1)
        other = Inbound("video", 90_000, 96, wire.feedback)
        other.ssrc = 6
        wire.slot.attach(other, 1.0)
        other.packet(rtp.HEADER.pack(0x80, 0xE0, 9, 7, 6) + KEY, 12 + len(KEY), 2.0)
        assert wire.numbers()[2] == wire.numbers()[1] + 1
        stamps = [rtp.HEADER.unpack_from(one)[3] for one in wire.out]
        assert 90_000 <= (stamps[2] - stamps[1]) & 0xFFFFFFFF <= 180_000 + 10_000

    run(body)


def test_sender_reports_come_out_in_our_time_stamps():
    def body():
        wire = Wire()
        wire.send(0, KEY)
        wire.send(1)
        stamp = rtp.HEADER.unpack_from(wire.out[1])[3]
        wire.source.reported(5 << 32, 3000, 0.1)
        told = reference_rtp.RtcpPacket.parse(wire.reports[0])
        assert (told[0].sender_info.ntp_timestamp, told[0].sender_info.rtp_timestamp) == (5 << 32, stamp)
        assert told[0].sender_info.packet_count == 2
        assert wire.slot.round_trip(5 << 16, 0, 0.35) == pytest.approx(0.25)

    run(body)


def test_who_cannot_take_a_picture_gets_none_for_a_while():
    receiver = bandwidth.Receiver()
    for estimate in (700_000, 90_000, 40_000):
        assert not receiver.holds(1, 200_000, 1000.0)
        receiver.heard(estimate)
    assert receiver.holds(1, 200_000, 1001.0)
    assert receiver.holds(1, 200_000, 1005.0)
    assert not receiver.holds(1, 200_000, 1007.0)
    for _ in range(3):
        receiver.reported(0.5, None)
    assert receiver.holds(1, 200_000, 1011.0)
    assert receiver.held_until == 1011.0 + 2 * bandwidth.HOLD  # held again soon: for longer
    assert bandwidth.allowed(bandwidth.CAMERA, [None, 400_000, 900_000]) == 400_000
    assert bandwidth.allowed(bandwidth.CAMERA, [10_000]) == bandwidth.FLOOR


def test_a_low_estimate_holds_no_picture_while_it_grows():
    receiver = bandwidth.Receiver()
    for estimate in (20_000, 25_000, 31_000, 30_000, 38_000):  # what arrives is little: a camera has just come on
        receiver.heard(estimate)
        assert not receiver.holds(1, 200_000, 1000.0)
    for estimate in (79_000, 60_000):  # it falls, but little more than it is sent: something else is in the way
        receiver.heard(estimate)
        assert not receiver.holds(1, 70_000, 1000.0)
    receiver.held_until = 1001.0
    assert not receiver.holds(1, 200_000, 1002.0)
    assert bandwidth.allowed(bandwidth.CAMERA, [receiver.per_video(1)]) == bandwidth.FLOOR  # a trial with the least
    receiver.heard(60_000)
    assert not receiver.holds(1, 200_000, 1003.0)


def test_a_picture_is_held_that_comes_seconds_late():
    receiver = bandwidth.Receiver()
    for seconds in (0.2, 1.4, 1.6, None, 1.5, 1.7, 2.0):
        assert not receiver.holds(1, 200_000, 1000.0)
        receiver.reported(0.0, seconds)
    assert receiver.holds(1, 200_000, 1000.0)


def test_nacks_say_the_same_to_another_reader_over_the_wrap():
    lost = [65_533, 65_534, 65_535, 0, 1, 40, 41]
    told = reference_rtp.RtcpPacket.parse(rtcp.nack(9, lost))
    assert [seq & 0xFFFF for one in told for seq in one.lost] == lost


def test_jitter_is_between_pictures_and_not_within_one():
    source = Inbound("video", 90_000, 96, lambda *_: None)

    def arrive(picture, part, late):
        head = rtp.HEADER.pack(0x80, 96, 100 + picture * 4 + part, 3000 * picture, 5)
        source.packet(head + DELTA, 12 + len(DELTA), picture / 30 + part * 0.003 + late)

    for number in range(30 * 4):
        arrive(*divmod(number, 4), late=0)
    assert source.jitter == pytest.approx(0, abs=1)
    arrive(30, 0, late=0.016)
    assert source.jitter == pytest.approx(0.016 * 90_000 / 16, abs=1)


@pytest.mark.parametrize("repairs", [True, False])
def test_sound_is_asked_for_again_only_where_it_would_come(repairs):
    def body():
        asked, heard = [], []
        source = Inbound("audio", 48_000, 111, lambda *what: asked.append(what), repairs=repairs)
        source.sinks = (SimpleNamespace(forward=lambda packet, *_: heard.append(packet[0] & 0xFFFF)),)
        packets = [rtp.HEADER.pack(0x80, 111, 65_534 + at & 0xFFFF, 960 * at, 5) + b"sound" for at in range(6)]
        for at in (0, 1, 4, 2, 3, 3, 5):
            source.packet(memoryview(packets[at]), len(packets[at]), at / 50)
        assert asked == ([("nack", [0, 1])] if repairs else [])
        assert heard == [65_534, 65_535, 2, 0, 1, 3]
        assert source.missing == {}
        source.close()

    run(body)


@pytest.mark.parametrize("number", [0, 100, 40_000, 65_535])
def test_another_source_is_forwarded_whatever_its_numbers_are(number):
    def body():
        wire = Wire()
        tap = Tap("p1", wire.source)
        wire.send(0, KEY, now=100.0)
        for after in range(1, 10):
            wire.send(after, now=100 + after / 30)
        wire.source.restart(6)
        for after in range(10, 20):
            wire.send(after, KEY if after == 12 else DELTA, now=100 + after / 30, start=number - 10)
        numbers = wire.numbers()
        assert numbers == list(range(numbers[0], numbers[0] + 18))
        taken = [packet[0] for packet in tap.drain()[0].packets]
        assert [after - before for before, after in itertools.pairwise(taken) if after - before != 1] == [
            taken[10] - taken[9]
        ]
        assert taken[10] - taken[9] > FAR
        wire.source.close()

    run(body)


def test_time_stamps_go_on_over_their_wrap_whatever_is_late_and_whoever_sends():
    def body():
        heard = []
        source = Inbound("video", 90_000, 96, lambda *_: None)
        forward = SimpleNamespace(forward=lambda packet: heard.append(packet[1]), began_anew=lambda: None)
        source.sinks = (forward,)

        def arrive(seq, stamp):
            source.packet(rtp.HEADER.pack(0x80, 96, seq, stamp & 0xFFFFFFFF, 5) + DELTA, 12 + len(DELTA), 1.0)

        wrap = 1 << 32
        for seq, stamp in (
            (7, wrap - 6000),
            (9, wrap),
            (8, wrap - 3000),
            (10, wrap),
            (11, wrap + 3000),
            (6, wrap - 9000),
        ):
            arrive(seq, stamp)
        source.restart(6)
        arrive(4711, wrap + 9000)
        assert [stamp - heard[0] for stamp in heard] == [0, 6000, 3000, 6000, 9000, -3000, 15_000]
        source.close()

    run(body)


def test_a_stream_that_is_closed_keeps_no_packet():
    """A closed connection is collected late, with all that it still has."""

    def body():
        wire = Wire()
        for number in range(20):
            wire.send(number, KEY)
        wire.source.close()
        assert set(wire.source.history) == {None}

    run(body)


@given(st.binary(max_size=1400))
def test_any_bytes_are_an_rtp_packet_or_a_value_error(data):
    source = Inbound("audio", 48_000, 111, lambda *_: None)
    try:
        source.packet(memoryview(data), len(data), 0.0)
    except (ValueError, IndexError, struct.error):
        assert (source.received, source.highest) == (0, -1)


@given(st.binary(max_size=80), st.binary(min_size=1500, max_size=1500))
def test_what_an_earlier_packet_left_in_the_cell_is_no_part_of_this_one(data, left):
    """Read as if it ended where it does."""

    def read(cell):
        heard = []
        source = Inbound("audio", 48_000, 111, lambda *_: None)
        source.sinks = (SimpleNamespace(forward=heard.append),)
        with contextlib.suppress(ValueError, IndexError, struct.error):
            source.packet(memoryview(cell), len(data), 0.0)
        return heard

    assert read(data + left[len(data) :]) == read(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_rtcp_or_an_error_that_the_wire_counts(data):
    try:
        heard = rtcp.read(data)
    except (ValueError, struct.error, IndexError):
        return
    assert isinstance(heard, rtcp.Heard)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_binding_request_or_a_value_error(data):
    try:
        stun.parse(b"\x00\x01" + data)
    except ValueError:
        return
    raise AssertionError("nobody knew the password")


def test_another_stun_reads_ours_and_we_read_its():
    theirs = reference.Message(reference.Method.BINDING, reference.Class.REQUEST)
    theirs.attributes |= {"USERNAME": "ours:theirs", "PRIORITY": 7, "ICE-CONTROLLING": 9, "USE-CANDIDATE": None}
    theirs.add_message_integrity(b"password")
    read = stun.parse(bytes(theirs))
    assert (read.username, read.nominates, read.verify(b"password")) == ("ours:theirs", True, True)
    assert not read.verify(b"another")
    for host in ("192.0.2.7", "2001:db8::7"):
        answer = reference.parse_message(stun.success(read, b"password", host, 4242))
        assert answer.attributes["XOR-MAPPED-ADDRESS"] == (host, 4242)
        assert answer.check_message_integrity(b"password")
    ours = reference.parse_message(stun.request(os.urandom(12), "a:b", b"key", nominate=True))
    assert ours.check_message_integrity(b"key")
    assert "USE-CANDIDATE" in ours.attributes
