"""What the recorder takes from a stream."""

from portal.rooms.media import rtp, taps
from portal.rooms.media.inbound import Inbound
from portal.rooms.media.taps import Tap


def test_of_a_flood_only_so_much_is_taken_for_the_recording():
    source = Inbound("audio", 48_000, 111, lambda *_: None)
    tap = Tap("p1", source)
    for seq in range(taps.MOST + 500):
        source.packet(rtp.HEADER.pack(0x80, 111, seq, 960 * seq & 0xFFFFFFFF, 5) + b"\x78", 13, 0.0)
    [media] = tap.drain()
    assert len(media.packets) == taps.MOST
    assert tap.drain() == []


def test_a_recording_knows_the_last_reports_of_a_source_from_before_it():
    source = Inbound("audio", 48_000, 111, lambda *_: None)
    source.restart(5)
    source.reported(1 << 32, 48_000, 1.0)
    source.restart(6)
    assert Tap("p1", source).drain() == []
    for second in range(2, 8):
        source.reported(second << 32, 48_000 * second, float(second))
    assert [(one.ntp >> 32, one.stamp, one.arrived) for one in Tap("p1", source).drain()] == [
        (second, 48_000 * second, float(second)) for second in (4, 5, 6, 7)
    ]
