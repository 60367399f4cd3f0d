"""What becomes of packets in a recording: simulated people with their own clocks, losses and networks."""

import itertools
import math
import random
from dataclasses import dataclass, field

import pytest

from portal.rooms.media import webm
from portal.rooms.media.frames import Pictures
from portal.rooms.media.inbound import FAR
from portal.rooms.media.part import AUDIO, VIDEO, Part

KEY = b"\x10\x02\x00\x9d\x01\x2a\x80\x02\xe0\x01" + bytes(50)
DELTA = b"\x11\x02\x00" + bytes(50)
SOUND = b"\x78" + bytes(40)


@dataclass
class Tape:
    """A file that keeps what it is given."""

    begun: list[tuple[int, str, str]] = field(default_factory=list)
    frames: list[webm.Frame] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    indexes: list[int] = field(default_factory=list)
    lines: list[tuple[str, dict]] = field(default_factory=list)

    def begin(self, start_ms, header, media, codecs):
        assert header.startswith(b"\x1a\x45\xdf\xa3")
        self.begun.append((start_ms, media, codecs))

    def cluster(self, data, end_ms):
        self.frames += read_cluster(data)
        self.marks.append(end_ms)

    def index(self, ms):
        self.indexes.append(ms)

    def tell(self, kind, **fields):
        self.lines.append((kind, fields))

    def of(self, track):
        return [frame for frame in self.frames if frame.track == track]


def read_cluster(data):
    """The frames of a cluster, read by the rules of EBML."""

    def element(at):
        first = data[at]
        size = 8 - first.bit_length() + 1
        name = int.from_bytes(data[at : at + size], "big")
        at += size
        octets = 8 - data[at].bit_length() + 1
        length = int.from_bytes(data[at : at + octets], "big") & ~(1 << 7 * octets)
        return name, at + octets, at + octets + length

    name, at, end = element(0)
    assert name == 0x1F43B675
    assert end == len(data)
    start, frames = 0, []
    while at < end:
        name, body, after = element(at)
        if name == 0xE7:
            start = int.from_bytes(data[body:after], "big")
        else:
            assert name == 0xA3
            offset = int.from_bytes(data[body + 1 : body + 3], "big", signed=True)
            frames.append(
                webm.Frame(start + offset, data[body] & 0x7F, bool(data[body + 3] & 0x80), data[body + 4 : after])
            )
        at = after
    return frames


@dataclass
class Person:
    """Somebody with a clock, a microphone and a camera. Times are true seconds; her clock runs `drift` too fast."""

    part: Part
    drift: float = 0.0
    delay: float = 0.03
    encoding: float = 0.0
    """Seconds by which media come later than reports."""
    jitter: float = 0.0
    loss: float = 0.0
    clock_ahead: float = 1234.5
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    seqs: dict[str, int] = field(default_factory=lambda: {AUDIO: 65_500, VIDEO: 65_000})
    bases: dict[str, int] = field(default_factory=lambda: {AUDIO: 0xFFFF0000, VIDEO: 0xFFF00000})
    wants_key: bool = True
    arrivals: list[tuple[float, str, tuple]] = field(default_factory=list)
    newest: dict[str, int] = field(default_factory=dict)

    def hers(self, at):
        return at * (1 + self.drift) + self.clock_ahead

    def stamp(self, kind, at):
        rate = 48_000 if kind == AUDIO else 90_000
        return (self.bases[kind] + round(at * (1 + self.drift) * rate)) & 0xFFFFFFFF

    def arrive(self, at):
        return at + self.delay + self.chance.random() * self.jitter

    def send(self, kind, at, payload, marker=0x80):
        self.seqs[kind] += 1
        if self.chance.random() >= self.loss:
            packet = (self.seqs[kind], self.stamp(kind, at), marker, payload)
            self.arrivals.append((self.arrive(at) + self.encoding, kind, packet))

    def report(self, kind, at):
        ntp = int((self.hers(at) + 2_208_988_800) * (1 << 32))
        self.arrivals.append((self.arrive(at), "report", (kind, ntp, self.stamp(kind, at))))

    def live(self, start, end, *, sound=True, picture=True):
        """What she sends in this stretch. Sounds lie on 20 ms and pictures on 1/30 s; batches are written meanwhile."""
        while start < end:
            until = min(start + 0.5, end)
            self.send_between(start, until, sound=sound, picture=picture)
            self.hand_over(until)
            start = until

    def send_between(self, start, end, *, sound, picture):
        for at in frames_between(start, end, 50) if sound else ():
            self.send(AUDIO, at, SOUND)
        for at in frames_between(start, end, 30) if picture else ():
            key, self.wants_key = self.wants_key or round(at * 30) % 300 == 0, False
            self.send(VIDEO, at, b"\x10" + (KEY if key else DELTA) + at.hex().encode(), 0)
            self.send(VIDEO, at, b"\x00" + bytes(60))
        for at in frames_between(start, end, 1):
            if picture:
                self.report(VIDEO, at)
            if sound and round(at) % 5 == 0:
                self.report(AUDIO, at)

    def hand_over(self, now):
        """Everything that has arrived by now is written."""
        self.arrivals.sort(key=lambda one: one[0])
        while self.arrivals and self.arrivals[0][0] <= now:
            arrived, kind, what = self.arrivals.pop(0)
            if kind == "report":
                self.part.report(*what, arrived)
            else:
                seq, stamp, *rest = what
                self.part.take(kind, [(seq, self.extended(kind, stamp), *rest, arrived)])
        self.part.flush(now)
        self.wants_key |= self.part.wants_keyframe
        for kind in (AUDIO, VIDEO) if self.part.wants_reports else ():
            self.report(kind, now)

    def extended(self, kind, stamp):
        """Beyond the wrap, in the order of arrival, as streams do it."""
        before = self.newest.get(kind, stamp + (1 << 32))
        self.newest[kind] = before + (stamp - before + (1 << 31)) % (1 << 32) - (1 << 31)
        return self.newest[kind]

    def finish(self, at):
        """The part ends here."""
        self.hand_over(at + 0.1)
        return self.part.finish(at)


def frames_between(start, end, per_second):
    return [number / per_second for number in range(math.ceil(start * per_second), math.ceil(end * per_second))]


def sent_at(frame):
    """When a picture was taken, as its sender wrote into it."""
    return float.fromhex(frame.data[60 if frame.key else 53 : -60].decode())


def person(**more):
    tape = Tape()
    return Person(Part("p1", 100.0, 100.0, tape), **more), tape


def check_true(tape, *, within=0.04, delay=0.03):
    """Sound has no hole and nothing twice, and pictures stand where they were taken, less the shortest way here."""
    start = tape.begun[0][0]
    sound = tape.of(webm.AUDIO)
    assert all(one.ms < after.ms for one, after in itertools.pairwise(sound))
    for at, frame in enumerate(sound):
        assert abs(frame.ms - at * 20) <= within * 1000, (at, frame.ms)
    times = [frame.ms for frame in tape.of(webm.VIDEO)]
    assert times == sorted(times)
    for frame in tape.of(webm.VIDEO):
        true = (sent_at(frame) + delay - 100) * 1000 - start
        assert abs(frame.ms - true) <= within * 1000, (frame.ms, true)


def test_a_plain_minute_is_kept_whole_and_true():
    one, tape = person()
    one.live(100, 160)
    assert one.finish(160.0) == pytest.approx(60_000, abs=60)
    assert [kind[1:] for kind in tape.begun] == [("audio+video", "vp8+opus")]
    assert len(tape.of(webm.VIDEO)) == pytest.approx(1800, abs=3)
    assert len(tape.of(webm.AUDIO)) == pytest.approx(3000, abs=3)
    assert not [frame for frame in tape.of(webm.AUDIO) if frame.data == webm.SILENCE][3:]
    check_true(tape)
    assert len(tape.indexes) == len([frame for frame in tape.of(webm.VIDEO) if frame.key])
    assert tape.marks == sorted(tape.marks)


def test_twenty_minutes_with_a_clock_that_runs_wrong_does_not_drift():
    for drift in (150e-6, -150e-6):
        one, tape = person(drift=drift, jitter=0.01)
        one.live(100, 1300)
        length = one.finish(1300.0)
        assert length == pytest.approx(1_200_000, abs=80)
        check_true(tape, delay=0.035)


def test_loss_leaves_true_silence_and_no_broken_picture():
    one, tape = person(loss=0.05, jitter=0.02)
    one.live(100, 160)
    one.finish(160.0)
    check_true(tape, delay=0.04)
    silent = [frame for frame in tape.of(webm.AUDIO) if frame.data == webm.SILENCE]
    assert 80 < len(silent) < 260
    assert sum(fields["packets"] for kind, fields in tape.lines if kind == "loss") > 200
    for frame in tape.of(webm.VIDEO):
        assert frame.data.endswith(bytes(60)), "a frame without its end"
    assert tape.of(webm.VIDEO)[0].key


def test_a_muted_microphone_and_a_covered_camera_leave_their_time():
    one, tape = person()
    one.live(100, 110)
    one.live(110, 120, sound=False)
    one.live(120, 130, picture=False)
    one.live(130, 140)
    assert one.finish(140.0) == pytest.approx(40_000, abs=60)
    check_true(tape)
    silent = [frame.ms for frame in tape.of(webm.AUDIO) if frame.data == webm.SILENCE]
    assert len([ms for ms in silent if 10_000 < ms < 20_100]) == pytest.approx(500, abs=4)
    gaps = [fields for kind, fields in tape.lines if kind == "gap"]
    assert len(gaps) == 1
    assert gaps[0]["until_ms"] - gaps[0]["ms"] == pytest.approx(10_000, abs=60)
    assert not [frame for frame in tape.of(webm.VIDEO) if 20_300 < frame.ms < 29_900]


def test_an_outage_and_another_connection_go_on_in_the_same_file():
    one, tape = person()
    one.live(100, 110)
    one.part.restart(AUDIO, 120.0)
    one.part.restart(VIDEO, 120.0)
    one.seqs, one.bases, one.newest = {AUDIO: 3, VIDEO: 9}, {AUDIO: 17, VIDEO: 0x80000000}, {}
    one.wants_key = True
    one.live(120, 130)
    assert one.finish(130.0) == pytest.approx(30_000, abs=80)
    check_true(tape)
    assert len(tape.begun) == 1


def test_another_source_in_the_same_connection_goes_on_in_the_same_file():
    one, tape = person()
    one.live(100, 110)
    one.seqs = {kind: seq + 2 * FAR for kind, seq in one.seqs.items()}
    one.bases, one.wants_key = {AUDIO: 17, VIDEO: 0x80000000}, True
    one.live(110, 120)
    assert one.finish(120.0) == pytest.approx(20_000, abs=80)
    check_true(tape)
    assert len([frame for frame in tape.of(webm.VIDEO) if frame.ms > 10_000]) == pytest.approx(300, abs=3)
    assert len([one for one in tape.of(webm.AUDIO) if one.data == webm.SILENCE]) <= 3
    assert [kind for kind, _ in tape.lines if kind != "clock"] == []


def test_nothing_from_before_is_kept():
    one, tape = person()
    one.part._since_ms = 5_000
    one.live(100, 110)
    one.finish(110.0)
    assert tape.begun[0][0] >= 5_000
    assert min(sent_at(frame) for frame in tape.of(webm.VIDEO)) + one.delay >= 105


def test_nothing_is_kept_as_later_than_it_came_where_reports_come_late():
    one, tape = person()
    report = one.report

    def late(kind, at):
        report(kind, at)
        arrived, *what = one.arrivals.pop()
        one.arrivals.append((arrived + 0.25, *what))

    one.report = late
    one.live(100, 101.5)
    assert one.finish(101.5) + tape.begun[0][0] <= 1_500 + 40
    check_true(tape)
    assert [frame.data for frame in tape.of(webm.AUDIO)].count(webm.SILENCE) <= 3


@pytest.mark.parametrize("wrong", [AUDIO, VIDEO])
def test_nothing_is_kept_as_later_than_it_came_where_one_stream_s_report_is_wrong(wrong):
    """A busy browser reports the stamp of sound that it has yet to send as if it were of now."""
    one, tape = person()
    stamp = one.stamp
    report = one.report

    def behind(kind, at):
        one.stamp = (lambda of, when: stamp(of, when - 0.25)) if kind == wrong else stamp
        report(kind, at)
        one.stamp = stamp

    one.report = behind
    one.live(100, 101.5)
    assert one.finish(101.5) + tape.begun[0][0] <= 1_500 + 40
    check_true(tape)
    assert [frame.data for frame in tape.of(webm.AUDIO)].count(webm.SILENCE) <= 3


def test_a_microphone_that_comes_late_does_not_cut_the_file():
    one, tape = person()
    one.live(100, 106, sound=False)
    one.live(106, 120)
    assert one.finish(120.0) == pytest.approx(20_000, abs=60)
    assert [kind[1:] for kind in tape.begun] == [("audio+video", "vp8+opus")]
    assert not one.part.wants_new_file
    check_true(tape)
    true = [frame.ms for frame in tape.of(webm.AUDIO) if frame.data != webm.SILENCE]
    assert true[0] == pytest.approx(6_000, abs=40)
    gaps = [(fields["ms"], fields["until_ms"]) for kind, fields in tape.lines if kind == "gap"]
    assert gaps == [(pytest.approx(0, abs=60), pytest.approx(6_000, abs=60))]


def test_sound_from_before_the_first_picture_is_left_out_where_it_comes_after_the_file_began():
    one, tape = person()
    one.live(100, 106, sound=False)
    one.send(AUDIO, 99.0, SOUND)
    one.report(AUDIO, 106.0)
    one.live(106, 110)
    one.finish(110.0)
    assert len(tape.begun) == 1
    check_true(tape)


def test_a_camera_alone_has_a_silent_sound():
    one, tape = person()
    one.live(100, 110, sound=False)
    assert one.finish(110.0) == pytest.approx(10_000, abs=60)
    assert tape.begun[0][1:] == ("audio+video", "vp8+opus")
    assert {frame.data for frame in tape.of(webm.AUDIO)} == {webm.SILENCE}
    check_true(tape)


def test_sound_alone_is_a_file_of_sound_and_a_camera_asks_for_another():
    one, tape = person()
    one.live(100, 110, picture=False)
    assert tape.begun[0][1:] == ("audio", "opus")
    assert tape.indexes[0] == 0
    assert tape.indexes[1] == pytest.approx(5000, abs=400)
    assert not one.part.wants_new_file
    one.live(110, 112)
    assert one.part.wants_new_file


def test_a_picture_that_changes_its_size_stays_in_the_file():
    one, tape = person()
    one.live(100, 103)
    assert one.part.size == (640, 480)
    smaller = KEY.replace(b"\x80\x02\xe0\x01", b"\x40\x01\xf0\x00")
    one.send(VIDEO, 103.0, b"\x10" + smaller + (103.0).hex().encode(), 0)
    one.send(VIDEO, 103.0, b"\x00" + bytes(60))
    one.hand_over(103.1)
    one.live(103.1, 106)
    one.finish(106.0)
    assert one.part.size == (320, 240)
    check_true(tape)


def test_a_picture_that_never_ends_is_given_up():
    pictures = Pictures()
    assert [one.data for one in pictures.complete([(0, 5, 0x80, b"\x10" + KEY, 1.0)])] == [KEY]
    for seq in range(1, 20_000):
        assert list(pictures.complete([(seq, 6, 0, b"\x10" + DELTA if seq == 1 else bytes(100), 1.0)])) == []
    assert sum(len(part) for part in pictures._parts) < 1_000_000
    assert list(pictures.complete([(20_000, 6, 0x80, bytes(100), 1.0)])) == []
    assert pictures.broken
    assert [one.data for one in pictures.complete([(20_001, 7, 0x80, b"\x10" + KEY, 1.0)])] == [KEY]


def test_a_part_in_which_nothing_came_has_no_file():
    one, tape = person()
    one.part.flush(110.0)
    assert one.part.finish(110.0) == 0
    assert tape.begun == []


@pytest.mark.parametrize("order", [(AUDIO, VIDEO), (VIDEO, AUDIO)])
def test_reports_of_a_camera_that_was_off_for_long_tell_nothing_of_her_clock_now(order):
    """It was slower than ours, by 0.06 s since then: she would be so much ahead of the others."""
    one, tape = person(drift=-50e-6)
    moments = {VIDEO: (-1100, -1095), AUDIO: (90, 95)}
    for kind in order:
        for at in moments[kind]:
            one.report(kind, at)
            arrived, _, report = one.arrivals.pop()
            one.part.report(*report, arrived)
    one.live(100, 104)
    one.finish(104.0)
    check_true(tape)
    assert tape.begun[0][0] == pytest.approx(30, abs=12)


def test_sound_and_picture_are_together_from_the_start_where_the_first_reports_came_late():
    one, tape = person(delay=0.08, encoding=0.06)
    one.report(AUDIO, 100.0)
    one.report(VIDEO, 100.0)
    one.delay = 0.03
    one.report(VIDEO, 100.8)
    one.live(100.01, 120)
    one.finish(120.0)
    check_true(tape, within=0.022)
    assert tape.begun[0][0] == pytest.approx(40, abs=12)
